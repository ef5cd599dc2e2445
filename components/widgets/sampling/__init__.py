"""The views of the sampling playground, one file each, and what they share."""
