"""Tables: where they lie, what they look like, which rows may be seen, and whether they are intact."""
