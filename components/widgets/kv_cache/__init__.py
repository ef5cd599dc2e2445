"""The views of the key-value cache page, one file each, and what they share."""
