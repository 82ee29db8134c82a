"""Spark itself, for tables larger than one machine."""
