"""The views of the attribution page."""
