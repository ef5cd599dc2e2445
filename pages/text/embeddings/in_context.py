"""View: one word in several sentences, many vectors."""

from components.lesson import View
from pages.text.embeddings.context_layers import CONTEXT_LAYERS
from pages.text.embeddings.context_paths import CONTEXT_PATHS
from pages.text.embeddings.context_table import CONTEXT_TABLE

VIEW = View(
    "In the table a word has one vector; above it, another in every sentence.",
    kind="Shown as",
    kinds={
        "Cosine table": CONTEXT_TABLE,
        "Layer by layer": CONTEXT_LAYERS,
        "Trajectories": CONTEXT_PATHS,
    },
)
