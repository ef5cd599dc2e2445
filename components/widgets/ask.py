"""What a view asks for: its controls, a layer and a head, and inspections of the model."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.engine import ModelChoice
from components.widgets import bar, measuring, settled
from components.widgets.controls import Controls
from components.widgets.markup import literal

Result = TypeVar("Result")


class Later(Exception):  # noqa: N818 (not an error: the reader has not asked yet)
    """A long measurement that has not been asked for yet: what it costs, and its button."""

    def __init__(
        self,
        label: str,
        cost: str,
        key: str,
        asks: tuple[str, tuple[str, ...]],
        begin: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(cost)
        self.label, self.cost, self.key, self.asks, self.begin = label, cost, key, asks, begin


class Ask(Controls):
    """One run of one view: its model, its prompt, its controls in one row, and its stage."""

    def __init__(
        self, choice: ModelChoice, prompt: str, scope: str, key: str = "", scale: float = 1.0
    ) -> None:
        super().__init__(scope, key or scope, scale)
        self.choice, self.prompt = choice, prompt
        """What is looked at; a view may look at another model, parts below it do not."""
        self.measured: tuple[Any, ...] = ()
        """The inputs that what `measure` has returned last belongs to."""
        self.unasked = False
        """It was measured for the first who opened the view with these settings."""
        self._chosen = choice
        self.stage: DeltaGenerator = st.empty()
        """Where the figure stands; a live component is drawn here."""
        self.working: DeltaGenerator = self.stage
        """Where a bar stands while work goes on."""
        self.words = ""
        """What the view says first."""

    @property
    def facts(self) -> Any:
        """The model's `ModelFacts`."""
        return engine.facts(self.choice)

    @property
    def model_name(self) -> str:
        """What the model is called in a sentence, safe in Markdown."""
        return literal(self.choice.name)

    def below(self, key: str) -> "Ask":
        """Return the same for a part below: what was asked above holds there too."""
        other = Ask(self._chosen, self.prompt, self.scope, key, self.scale)
        other.follow(self)
        return other

    def layer(self, among: Sequence[int] | None = None) -> int:
        """Ask for one of the model's layers, or of those `among` them, counted from 0."""
        return self._numbered("Layer", "layer", among or range(self.facts.layers))

    def head(self) -> int:
        """Ask for one of the model's heads, counted from 0."""
        return self._numbered("Head", "head", range(self.facts.heads))

    def target(self) -> str | None:
        """Ask what the decoder of an encoder-decoder has written; None: nothing yet."""
        hint = "The encoder reads the prompt. The decoder reads its start token and then this."
        label = "What the decoder has written so far"
        return self.text(label, "target", "", most=1000, wide=300, hint=hint) or None

    def held(self, names: tuple[str, str], home: tuple[int, int], most: int) -> tuple[int, int]:
        """Return whole numbers that a live component keeps in the address, or `home`.

        Another `home` than in the last run (another token, say) is gone to at once.
        """
        keys = [f"{self.scope}.{name}" for name in names]
        self._own += keys
        if settled.moved(self.key, home):
            self.holder(names, home)(*home)
        first, second = (
            settled.held_number(key, name, most, own)
            for key, name, own in zip(keys, names, home, strict=True)
        )
        return first, second

    def holder(self, names: Sequence[str], home: Sequence[int]) -> Callable[..., None]:
        """Return what puts a live component's numbers into the address, unless they are `home`."""
        keys = [f"{self.scope}.{name}" for name in names]

        def hold(*values: int) -> None:
            if values == tuple(home):
                for key in keys:
                    st.query_params.pop(key, None)
            else:
                st.query_params.update(dict(zip(keys, map(str, values), strict=True)))

        return hold

    def inspect(self, inspection: Callable[..., Result], *inputs: Any) -> Result:
        """Return `inspection(model, *inputs)`; a bar tells of it once it takes a while."""
        with bar.telling(self.working, inspection) as progress:
            return engine.inspect(inspection, self.choice, *inputs, **progress)

    def consult(self, inspection: Callable[..., Result], *inputs: Any) -> Result:
        """Do as `inspect` for what asks the model's tokenizer alone, and need not wait for it."""
        with bar.telling(self.working, inspection) as progress:
            return engine.consult(inspection, self.choice, *inputs, **progress)

    def compute(self, function: Callable[..., Result], *inputs: Any) -> Result:
        """Return `function(*inputs)`, for what needs no model."""
        with bar.telling(self.working, function) as progress:
            return engine.compute(function, *inputs, **progress)

    def measure(
        self,
        steps: Callable[..., Iterator[Result]],
        *inputs: Any,
        label: str,
        cost: str,
        told: Callable[[Result], tuple[float, str, bool]],
        draw: Callable[[Result], Any] | None = None,
        asks: tuple[str, tuple[str, ...]] = ("", ()),
        seconds: float = math.inf,
        older: bool = False,
    ) -> Result:
        """Return the last of `steps(model, *inputs)`, once the reader has asked for it.

        `told` says of each step how much is done, in words too, and whether it is worth keeping;
        `draw` makes the figure that grows. Stopping keeps what there is. Until asked, the view
        ends here: the button, what it costs, and the question (`asks`, its text and answers) that
        is to be answered before anything is seen.

        What takes `measuring.unasked()` seconds or less is measured unasked, once for all readers:
        give the `seconds` it takes, and functions of a module. With `older`, the last measurement
        stays when other settings are tried: `choice` and `measured` are then those it was made for.

        Raises:
            Later: it has not been asked for.
        """
        key, wanted = f"{self.key}-measure", (self.choice, *inputs)
        if st.session_state.get(key):  # the button was pressed for this run
            with self.stage.container():
                measuring.measure(f"{key}-kept", steps, wanted, told, draw)
            self.stage.empty()
        held = measuring.last(f"{key}-kept")
        current = held is not None and held[0] == wanted
        self.unasked = not current and seconds <= measuring.unasked()
        if self.unasked:
            held = wanted, self.inspect(measuring.to_the_end, steps, told, *inputs)
        elif held is None or not (current or older):
            raise Later(label, cost, key, asks)
        (self.choice, *others), found = held
        self.measured = tuple(others)
        if current or self.unasked:
            label = "Measure again" if told(found)[0] >= 1 else "Measure to the end"
        elif self._notes is not None:
            self._notes.caption(
                f":orange[Shown is the last measurement, with other settings than these.] {cost}"
            )
        self._row.button(label, key=key)
        return found
