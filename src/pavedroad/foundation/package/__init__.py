"""The model and all that is needed to trust it: one folder, its manifest, and what it says of itself."""
