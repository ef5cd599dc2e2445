"""The pieces of the tokenizer tour: each asks for one thing, or shows one result."""
