"""View: labels for sentences, without training and with it."""

from components.lesson import View
from pages.text.embeddings.learning import LEARNING
from pages.text.embeddings.nearest_label import NEAREST_LABEL
from pages.text.embeddings.trained_classifier import TRAINED

VIEW = View(
    "",
    kind="Labels by",
    kinds={"the nearest label": NEAREST_LABEL, "a trained classifier": TRAINED},
    further={"How many labelled sentences does it take?": LEARNING},
)
