"""Workflows of GitHub Actions as data, and the ways in which one can lose a gate."""
