"""View: what limits a pass here, and why fewer positions do not save as much time."""

from components.lesson import View
from pages.output.kv_cache.attention_share import SHARE
from pages.output.kv_cache.below_roof import BELOW_ROOF
from pages.output.kv_cache.book_times import BOOK_TIMES
from pages.output.kv_cache.pass_times import PASS_TIMES
from pages.output.kv_cache.positions_computed import COUNTED

VIEW = View(
    "With the cache most positions are never computed again. Yet the time saved is far less than "
    "the positions saved. Here is why.",
    kind="Plot",
    kinds={"Roofline": BELOW_ROOF, "Pass times": PASS_TIMES},
    further={
        "Positions computed": COUNTED,
        "The book's 4.8 times": BOOK_TIMES,
        "Attention's share of the work": SHARE,
    },
)
