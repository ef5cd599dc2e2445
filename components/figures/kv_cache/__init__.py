"""Pictures of what the key-value cache saves and costs."""

from typing import Final

from components.figures import theme

WITH: Final = theme.HIGHLIGHT
"""Whatever runs with a cache: the lit object."""
WITHOUT: Final = theme.RESIDUAL
"""The same without one."""
WAY_COLORS: Final = {"with": WITH, "without": WITHOUT}
WAY_NAMES: Final = {"with": "with the cache", "without": "without"}
