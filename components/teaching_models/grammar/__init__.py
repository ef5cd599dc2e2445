"""What the grammar can write: one module for each family of documents."""
