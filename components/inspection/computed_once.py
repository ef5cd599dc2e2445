"""A property that is computed once for each object, and lets others be computed meanwhile.

Python's own `functools.cached_property` holds, before 3.12, one lock for all objects of a class
while it computes. Work that gives way in the middle of it would wait for the model's turn with that
lock in hand, and whoever has the turn for that lock: both for ever.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class computed_once(Generic[Value]):  # noqa: N801 (used like `property`)
    """Decorate a method without arguments; its first value is kept in the object."""

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, holder: None, owner: type | None = None) -> "computed_once[Value]": ...
    @overload
    def __get__(self, holder: object, owner: type | None = None) -> Value: ...
    def __get__(self, holder: object | None, owner: type | None = None) -> Any:
        """Return the value; once it is kept, Python finds it in the object before it looks here."""
        if holder is None:
            return self
        value = self._compute(holder)
        # Of two that compute at once, all get the first that is done.
        return holder.__dict__.setdefault(self._name, value)
