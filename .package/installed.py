"""Look inside transformer language models: text in, checked arrays out.

    from transformer_vitrine import load_model, record

    model = load_model("storyteller")
    recording = record(model, "Once upon a time")
    recording.stack().residual.shape  # (layers + 1, tokens, width)

The command `transformer-vitrine` shows the same in a browser.
"""

from components.inspection import __all__ as __all__
from components.inspection import __getattr__ as __getattr__
