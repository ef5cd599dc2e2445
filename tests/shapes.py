"""All tests run with the arrays of the inspection layer checked: jaxtyping's hook, and beartype.

Checked are the annotations that name an array. All others are left to mypy: so tests may hand a
stand-in for a model, or a name that is to be refused; and functions without arrays are left as they
are, since to wrap them all made the tests three times slower.
"""

import inspect
from collections.abc import Callable
from typing import Any, get_args

import jaxtyping
from beartype import BeartypeConf, beartype

LAYER = "components.inspection"
# As PEP 484 has it, a whole number may stand where a float is wanted.
_CONF = BeartypeConf(is_pep484_tower=True)

_jaxtyped: Callable[..., Any] = jaxtyping.jaxtyped


def holds_array(hint: Any) -> bool:
    """Say whether a type is one of arrays, or of something with arrays in it."""
    if isinstance(hint, (list, tuple)):
        return any(map(holds_array, hint))
    return (isinstance(hint, type) and issubclass(hint, jaxtyping.AbstractArray)) or any(
        map(holds_array, get_args(hint))
    )


def states_arrays(decorated: Any) -> bool:
    """Say whether a function, a method or a dataclass has arrays in its annotations."""
    if inspect.isclass(decorated):
        decorated = decorated.__init__  # of a dataclass: with the fields that it inherits
    elif isinstance(decorated, property):
        decorated = decorated.fget
    elif isinstance(decorated, (classmethod, staticmethod)):
        decorated = decorated.__func__
    return any(map(holds_array, inspect.get_annotations(decorated).values()))


def arrays_checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, whose arguments and result are checked where they are to hold arrays."""
    hints = function.__annotations__
    function.__annotations__ = {name: hint for name, hint in hints.items() if holds_array(hint)}
    return beartype(conf=_CONF)(function)


def jaxtyped(*, typechecker: Any) -> Callable[[Any], Any]:
    """Stand for jaxtyping's own, which its hook puts on every function and class."""

    def decorate(decorated: Any) -> Any:
        wanted = states_arrays(decorated)
        return _jaxtyped(decorated, typechecker=typechecker) if wanted else decorated

    return decorate


def check_shapes() -> None:
    """Check the functions and dataclasses of the inspection layer from now on.

    It must not have been imported before.
    """
    jaxtyping.jaxtyped = jaxtyped  # type: ignore[assignment]
    jaxtyping.install_import_hook(LAYER, f"{__name__}.arrays_checked")
