"""A walk-through: multi-query attention by einsum that never divides."""

from typing import Final

from components.lesson import Ask, Shown, View
from pages.inside.architecture.dividing import divided, shown

ALL: Final = "one key head for all"


def show(ask: Ask) -> Shown:
    return shown(*divided(ask, ALL), 2)


NO_DIVISION = View(
    """Multi-query attention: all heads share one head of keys. It runs; one step is wrong.
```python
queries  = einsum("d,hdk->hk", x, W_query)
keys     = einsum("md,dk->mk", memory, W_key)
products = einsum("hk,mk->hm", queries, keys)
weights  = softmax(products)
```""",
    show,
)
