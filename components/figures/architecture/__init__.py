"""Pictures of a network's parts: the ledger as a treemap, shapes along the pass."""
