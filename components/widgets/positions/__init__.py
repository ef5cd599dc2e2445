"""View parts of the positions page."""
