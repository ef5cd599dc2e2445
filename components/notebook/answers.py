"""What a notebook's drawing asks of a model: each once, and what goes wrong as a sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from components.inspection.devices import give_back, no_room, ran_out
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.model import Model
from components.inspection.threads import threads_of
from components.memory import ResultCache, result_key
from components.widgets.machine.assembled import Assembled, Inspect, assembled
from components.widgets.machine.look import DEFAULT, FIELDS, Look, changed

MOST_RESULTS: Final = 64
MOST_RESULT_BYTES: Final = 96 * 2**20


class Answers:
    """What one model makes of one text, at whatever is looked at.

    Where a model is named, it is loaded when the first thing is asked.
    """

    def __init__(self, model: Model | str | Path, text: str) -> None:
        self._model, self._text = model, text
        self._results = ResultCache(MOST_RESULTS, MOST_RESULT_BYTES)

    def at(self, look: Look) -> Assembled:
        """Return what is drawn at `look`.

        Raises:
            InspectionError: the model cannot be had, or nothing can be drawn of it and the text.
        """
        try:
            if not isinstance(self._model, Model):
                self._model = load_model(str(self._model))
            return assembled(self._inspect, self._text, look)
        except Exception as error:
            if not ran_out(error):
                raise
        # Not before here: the error's traceback holds the tensors that took the room.
        give_back()
        raise no_room(self._device)

    def _inspect(self, inspection: Inspect, *inputs: Any) -> Any:
        assert isinstance(self._model, Model)
        key = result_key(inspection, inputs)
        found, result = self._results.get(key)
        if not found:
            with threads_of(self._model):
                result = inspection(self._model, *inputs)
            self._results.put(key, result)
        return result

    @property
    def _device(self) -> str:
        return self._model.facts.device if isinstance(self._model, Model) else "cpu"


def look_of(given: Mapping[str, Any]) -> Look:
    """Return the look that a programmer asks for.

    >>> look_of({"open": 2, "off": ["head 0.1"]}).off
    ('head 0.1',)

    Raises:
        InspectionError: it has no such part, or that is no value of it.
    """
    for name in given:
        if name not in FIELDS:
            there = ", ".join(FIELDS)
            raise InspectionError(f"A look has no '{name}'; it has: {there}.")
    look = read(DEFAULT, given)
    for name, value in given.items():
        wanted = tuple(value) if isinstance(value, list) else value
        if getattr(look, name) != wanted:
            raise InspectionError(
                f"{name}={value!r} is nothing that the drawing can be asked for. Such is: "
                f"{name}={_example(name)!r}."
            )
    return look


def read(look: Look, sent: Any) -> Look:
    """Return `look` with what a browser has sent; what is no such thing is left out."""
    if not isinstance(sent, Mapping):
        return look
    return changed(look, sent)


def _example(name: str) -> Any:
    known = {"stack": "decoder", "token": 0, "open": 0, "toward": 0, "rather": 1}
    more = {"off": ("head 0.0", "mlp 1"), "station": "query", "written": (0, 1)}
    return {**known, **more}.get(name, getattr(DEFAULT, name))
