"""What is not ours and runs all the same: the repo's functions and scripts, called, watched and corrected."""
