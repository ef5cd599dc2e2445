"""How a text is cut into tokens, by any tokenizer, shown to the last byte.

Everything here needs the `tokenizers` library alone: no network weights, no torch. Each
inspection takes a *holder* first: a loaded `Model`, or the name of a tokenizer in
`catalogue.py`; `opening.ready` turns either into a `ReadyTokenizer`.
"""
