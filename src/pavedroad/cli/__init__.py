"""The command line: it reads arguments, calls the road, prints what came of it and chooses the exit code. No logic."""
