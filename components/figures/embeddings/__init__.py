"""Pictures of embeddings: maps, likeness, rankings, clusters."""
