"""View: the other ways to mark positions, as formulas and as the loaded model has them."""

from components.lesson import View
from pages.inside.positions.alibi import ALIBI
from pages.inside.positions.learned_table import LEARNED_TABLE
from pages.inside.positions.schemes_compared import SCHEMES_COMPARED
from pages.inside.positions.sinusoids import SINUSOIDS
from pages.inside.positions.t5_buckets import T5_BUCKETS

VIEW = View(
    "Waves or learned vectors added to the tokens, a bias for the distance, or nothing at all.",
    kind="Scheme",
    kinds={
        "Sinusoids": SINUSOIDS,
        "Learned table": LEARNED_TABLE,
        "ALiBi": ALIBI,
        "T5 buckets": T5_BUCKETS,
        "Compare": SCHEMES_COMPARED,
    },
)
