"""Pictures of positions: turning speeds, scores over distance, tables and masks."""
