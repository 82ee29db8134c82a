"""Evidently: its methods on columns in counts and on rows, and its own page."""
