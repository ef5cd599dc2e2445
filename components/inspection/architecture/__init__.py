"""What a network is made of: its modules, their weights, work and shapes."""
