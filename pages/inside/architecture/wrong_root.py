"""A walk-through: multi-head attention by einsum that divides by the wrong root."""

from typing import Final

from components.lesson import Ask, Shown, View
from pages.inside.architecture.dividing import divided, shown

EACH: Final = "one key head each"


def show(ask: Ask) -> Shown:
    return shown(*divided(ask, EACH), 1)


WRONG_ROOT = View(
    """Multi-head attention of one query token over a memory. It runs; one step is wrong.
```python
queries  = einsum("d,hdk->hk", x, W_query)            # W_query, W_key: [head, width, size]
keys     = einsum("md,hdk->hmk", memory, W_key)
products = einsum("hk,hmk->hm", queries, keys)
weights  = softmax(products / W_key.shape[1] ** 0.5)  # division
```""",
    show,
)
