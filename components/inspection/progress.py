"""How long work tells that it goes on, without knowing who listens."""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and a short phrase; may raise to stop the work."""


def silent(_share: float, _phrase: str) -> None:
    """Tell nobody."""
