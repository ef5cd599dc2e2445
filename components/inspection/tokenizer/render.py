"""Fill in a chat template, as a program of its own with little memory and little time.

A template is a program that came with a model: `{{ 'x' * 10**9 }}` and three loops in one another
are templates too, and nothing inside of a process can stop either. So it runs here, in a process
that imports jinja2 alone and may be ended; `template.render_chat` starts it.

Reads from stdin, as JSON, the template, what it is given and the most characters it may write;
writes {"text": ...} or {"error": ...}.
"""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

MOST_MEMORY: Final = 512 * 2**20
"""Bytes; reading and rendering an ordinary template takes a twentieth of it."""
MOST_SECONDS: Final = 3
"""Of computing; an ordinary template takes a hundredth of one."""


class Generation(Extension):
    """The tag that marks what the assistant says, for training. Here it only shows its text."""

    tags = {"generation"}  # noqa: RUF012 (declared so by jinja2)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return what stands inside."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class Dictionary:
    """What templates know as `dict`: it makes one, and offers no way elsewhere."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Make a dictionary."""
        return dict(*args, **kwargs)


class Values(Namespace):
    """What templates know as `namespace`, without names that begin with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:  # a value may be named "self"
        own, *others = args
        Namespace.__init__(own)
        for name, value in dict(*others, **kwargs).items():
            own[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        """Keep `value`."""
        if name.startswith("_"):
            raise SecurityError(f"a namespace keeps no {name!r}")
        super().__setitem__(name, value)


def environment() -> ImmutableSandboxedEnvironment:
    """Return a sandbox in which templates find what they find in transformers."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    made.filters["tojson"] = _to_json
    made.globals |= {
        "raise_exception": _refuse,
        "strftime_now": lambda form: datetime.now().strftime(form),
        "dict": Dictionary(),
        "namespace": Values,
    }
    return made


def filled_in(template: str, given: Mapping[str, Any], most: int) -> str:
    """Return the text that `template` makes of what it is given, of at most `most` characters.

    Raises:
        ValueError: it is longer.
        Exception: whatever a template may end in.
    """
    pieces, written = [], 0
    for piece in environment().from_string(template).generate(**given):
        pieces.append(piece)
        written += len(piece)
        if written > most:
            raise ValueError(f"it writes more than {most:,} characters")
    return "".join(pieces)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # jinja2's own writes "<" as an HTML page needs it.
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _refuse(said: str) -> None:
    raise jinja2.TemplateError(said)


def _bounded() -> None:
    """Let the system end this process when it takes too much; Windows cannot (see the caller)."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard))


def answer(asked: Mapping[str, Any], render: Callable[..., str] = filled_in) -> dict[str, str]:
    """Return the text, or what is said of a template that makes none."""
    try:
        return {"text": render(asked["template"], asked["given"], asked["most"])}
    except MemoryError:
        return {"error": f"it takes more than {MOST_MEMORY // 2**20} MB of memory"}
    except RecursionError:
        return {"error": "it calls itself without end, or is nested too deep"}
    except Exception as error:  # noqa: BLE001 (a template is a program: anything may come of it)
        return {"error": (str(error) or type(error).__name__)[:200]}


if __name__ == "__main__":
    _bounded()
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
