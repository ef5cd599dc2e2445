"""Tables of the drawing of the forward pass."""
