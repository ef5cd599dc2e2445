"""The drawing of a whole forward pass in a notebook: the page's own, of a model in the kernel.

    from components.notebook import show

    show("storyteller", "When Mary and John went to the shop, Mary gave a drink to")

It wants anywidget, an optional dependency; what is computed and drawn is what the page has, and no
other host is asked for anything.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.inspection.errors import InspectionError

if TYPE_CHECKING:
    from components.inspection.model import Model
    from components.notebook.widget import Drawing

__all__ = ["show"]

_WANTED: Final = {"anywidget", "ipywidgets", "traitlets"}


def show(model: "Model | str | Path", text: str, **look: Any) -> "Drawing":
    """Return the forward pass of `model` on `text` as a widget: the last line of a cell shows it.

    `model` is a loaded one, or what `load_model` takes: a bundled name, a folder, a .gguf file, a
    hub id. `look` is where the drawing begins, by the names of
    `components.widgets.machine.look.Look`: `open=2` opens block 2, `head=1` looks at that head,
    `token=4` follows that token, `off=("head 0.3",)` switches a head off.

    What the model or the text makes impossible is said in the widget.

    Raises:
        InspectionError: anywidget is not installed, or there is no such `look`.
    """
    try:
        from components.notebook.widget import Drawing
    except ModuleNotFoundError as error:
        if error.name not in _WANTED:
            raise
        raise InspectionError(
            f"A drawing in a notebook wants the package '{error.name}', which is not installed "
            'here. Install it: pip install "transformer-vitrine[notebook]"'
        ) from error
    return Drawing(model, text, look)
