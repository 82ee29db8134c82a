"""What lies around a repo: its history, its branches, the host of a run and the forge that keeps it."""
