"""What vectors of tokens, words and sentences know: maps, neighbours, search, clusters."""
