"""Whether current data still looks like the reference: counts, tests, effects, and the words for them."""
