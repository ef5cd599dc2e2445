"""The controls of a page, as Streamlit describes them to a browser, and what a browser answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from streamlit.proto.ButtonGroup_pb2 import ButtonGroup
from streamlit.proto.WidgetStates_pb2 import WidgetState

OPENED: Final = ("expandable", "popover")
"""Blocks whose opening is told to the server, if they have an id."""
VALUED: Final = (
    "text_area",
    "text_input",
    "slider",
    "number_input",
    "selectbox",
    "button_group",
    "checkbox",
    *OPENED,
)
PRESSED: Final = ("button", "bidi_component")
_TRIGGER: Final = "$$STREAMLIT_INTERNAL_KEY_{}__events"


@dataclass(frozen=True)
class Control:
    """One control: its kind as in the protocol, its description, and where it stands."""

    kind: str
    proto: Any
    aside: bool
    """It stands in the sidebar."""
    fragment: str
    """The part of the page that runs alone when it changes, or ""."""
    script: str
    """The script that drew it: the app's frame, or a page's."""

    @property
    def id(self) -> str:
        """What the server calls it."""
        return str(self.proto.id)

    @property
    def key(self) -> str:
        """What the page calls it: the end of the id, behind a hash."""
        return self.id.split("-", 2)[-1]

    @property
    def label(self) -> str:
        """What the reader sees, or the page's name for it."""
        return str(getattr(self.proto, "label", "")) or self.key

    @property
    def usable(self) -> bool:
        """Whether a reader can change it."""
        return bool(self.id) and not getattr(self.proto, "disabled", False)


def control_of(part: Any, aside: bool, fragment: str, script: str) -> Control | None:
    """Return the control that an `Element` or a `Block` is, if it is one."""
    kind = part.WhichOneof("type")
    if kind not in VALUED and kind not in PRESSED:
        return None
    proto = getattr(part, kind)
    return Control(kind, proto, aside, fragment, script) if proto.id else None


def shown(control: Control) -> Any:
    """Return the value that a control shows when it is drawn."""
    proto, kind = control.proto, control.kind
    if kind == "expandable":
        return bool(proto.expanded)
    if kind == "popover":
        return bool(proto.open)
    if kind == "selectbox":
        if proto.set_value:
            return proto.raw_value
        return proto.options[proto.default] if proto.HasField("default") else None
    if kind == "button_group":
        if proto.set_value:
            return tuple(proto.raw_values)
        return tuple(proto.options[place].content for place in proto.default)
    value = proto.value if proto.set_value else proto.default
    return tuple(value) if kind == "slider" else value


def other(control: Control, now: Any, rng: Random) -> Any:
    """Return another value than `now` that a reader may choose; `now` where there is none."""
    proto, kind = control.proto, control.kind
    if kind == "slider":
        return tuple(_stepped(proto, rng.random()) for _ in now)
    if kind == "number_input":
        step = proto.step or 1
        low = proto.min if proto.has_min else -float("inf")
        high = proto.max if proto.has_max else float("inf")
        moved = [now + sign * steps * step for sign in (-1, 1) for steps in (1, 2, 3)]
        allowed = [value for value in moved if low <= value <= high]
        return rng.choice(allowed) if allowed else now
    if kind == "selectbox":
        return _another(proto.options, now, rng)
    if kind == "button_group":
        offered = [option.content for option in proto.options]
        if proto.click_mode == ButtonGroup.SINGLE_SELECT:
            return (_another(offered, now[0] if now else None, rng),)
        turned = rng.choice(offered)
        return tuple(option for option in offered if (option in now) != (option == turned))
    return not now


def state(control: Control, value: Any) -> WidgetState:
    """Return what a browser tells the server of a control's value."""
    told = WidgetState(id=control.id)
    if control.kind in ("text_area", "text_input", "selectbox"):
        if value is not None:
            told.string_value = value
    elif control.kind == "slider":
        told.double_array_value.data.extend(value)
    elif control.kind == "number_input":
        told.double_value = value
    elif control.kind == "button_group":
        told.string_array_value.data.extend(value)
    else:
        told.bool_value = value
    return told


def pressed(control: Control) -> WidgetState:
    """Return what a browser tells of a button."""
    return WidgetState(id=control.id, trigger_value=True)


def event(control: Control, told: str) -> WidgetState:
    """Return what a browser tells of a live component: a JSON list of events."""
    return WidgetState(id=_TRIGGER.format(control.id), json_trigger_value=told)


def in_address(control: Control, value: Any) -> tuple[str, list[str]]:
    """Return the name of a control in the address, and what stands there: nothing if it is the
    default."""
    name = str(getattr(control.proto, "query_param_key", ""))
    values = value if isinstance(value, tuple) else (value,)
    return name, [] if value == _default(control) else [_written(each) for each in values]


def among(controls: Iterable[Control], **wanted: str) -> Control:
    """Return the control with this `key`, `kind` or `label`.

    Raises:
        LookupError: there is none.
    """
    offered = list(controls)
    for control in offered:
        if all(getattr(control, name) == value for name, value in wanted.items()):
            return control
    raise LookupError(f"no control {wanted} among {[control.key for control in offered]}")


def _default(control: Control) -> Any:
    proto, kind = control.proto, control.kind
    if kind == "selectbox":
        return proto.options[proto.default] if proto.HasField("default") else None
    if kind == "button_group":
        return tuple(proto.options[place].content for place in proto.default)
    if kind == "expandable":
        return bool(proto.default_expanded)
    if kind == "popover":
        return False
    return tuple(proto.default) if kind == "slider" else proto.default


def _stepped(proto: Any, share: float) -> float:
    step = proto.step or 1
    steps = int((proto.max - proto.min) / step + 1e-9)
    return float(min(proto.min + round(share * steps) * step, proto.max))


def _another(options: Iterable[str], now: str | None, rng: Random) -> str | None:
    left = [option for option in options if option != now]
    return rng.choice(left) if left else now


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)
