"""The nouns and protocols of the road; stable, and free of any vendor's name."""
