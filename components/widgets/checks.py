"""A result's checks with their verdicts: green, red with what it means, or grey."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.checks import Check, Verdict
from components.widgets.markup import literal

_SIGNS: Final[dict[Verdict, str]] = {
    "holds": ":green[✓]",
    "fails": ":red[✗]",
    "reported": ":gray[·]",
}


def show_checks(checks: Sequence[Check], choice: ModelChoice | None = None, view: str = "") -> None:
    """Say each check in a line; of one that fails also what that means, and what a report needs.

    `choice` is the model that was looked at, None where there is none; `view` names the picture.
    """
    st.markdown("  \n".join(line(check) for check in checks))
    failed = [check for check in checks if check.verdict == "fails"]
    if failed:
        # Without a key: two views of one page may fail alike.
        with st.popover("What a bug report needs"):
            st.code(report(failed, choice, view), language="json", wrap_lines=True)


def line(check: Check) -> str:
    """Return a check as a line of Markdown; what it says may name a model or a token.

    >>> line(Check("every row sums to 1", 0.0, 1e-6))
    ':green[✓] Every row sums to 1: off by **0**, allowed 1e-06.'
    """
    says = literal(f"{check.says[:1].upper()}{check.says[1:]}")
    error, comma, allowed = check.numbers.partition(",")
    said = "off by " if error.startswith("off by ") else ""
    numbers = f"{said}**{error.removeprefix(said)}**{comma}{allowed}"
    meaning = f" **{literal(check.meaning)}**" if check.verdict == "fails" and check.meaning else ""
    return f"{_SIGNS[check.verdict]} {says}: {numbers}.{meaning}"


def report(checks: Sequence[Check], choice: ModelChoice | None, view: str) -> str:
    """Return, as JSON, what somebody needs who is to find out why `checks` fail."""
    from components.inspection.kv_cache.machine import machine_of

    found: dict[str, object] = {
        "view": view,
        "checks": [{"says": c.says, "error": c.error, "bound": c.bound} for c in checks],
    }
    if choice is not None:
        found["model"] = asdict(choice)
        found["machine"] = asdict(engine.inspect(machine_of, choice))
    return json.dumps(found, indent=1, ensure_ascii=False)
