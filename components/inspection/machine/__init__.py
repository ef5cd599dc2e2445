"""The whole forward pass as one drawing: what stands at each of its stations, and why."""
