"""Two trained models of the Python registry, and what they say."""
