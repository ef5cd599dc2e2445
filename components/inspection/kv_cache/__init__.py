"""What the key-value cache saves and what it costs, measured on the loaded model."""
