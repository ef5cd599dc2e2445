"""View: writing with the cache and without, timed step by step; to be stopped at any time."""

from components.lesson import View
from pages.output.kv_cache.positions_computed import COUNTED
from pages.output.kv_cache.running_totals import IN_ALL
from pages.output.kv_cache.step_times import EACH_STEP

VIEW = View(
    "To write a token, a model needs the **keys** and **values** of all tokens before it. It can "
    "compute them anew each time, or keep them: the key-value cache. Here both are measured.",
    kind="Time",
    kinds={"Each step": EACH_STEP, "In all": IN_ALL},
    further={"Positions computed": COUNTED},
)
