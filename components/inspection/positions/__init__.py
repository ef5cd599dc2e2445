"""How a model knows the order of its tokens: RoPE above all, and what others do instead."""
