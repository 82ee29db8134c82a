"""Suites of expectations, read strictly, and the judgement of a table by them."""
