"""What happens between the layers: what is written to the stream, and what is read off it."""
