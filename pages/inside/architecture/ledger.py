"""View: which modules is a network made of, and what does each of them cost?"""

from collections.abc import Callable

from components.inspection.architecture.ledger import EACH, TOGETHER
from components.inspection.architecture.module_tree import ModuleTree, module_tree
from components.lesson import Ask, Shown, View
from pages.inside.architecture.ledger_from_config import FROM_CONFIG
from pages.inside.architecture.ledger_shown import shown
from pages.inside.architecture.ledger_values import Values, operations, seconds, weights

AREAS: dict[str, Callable[[Ask, ModuleTree, str], Values]] = {
    "parameters": weights,
    "bytes": weights,
    "operations": operations,
    "time": seconds,
}


def of_model(ask: Ask) -> Shown:
    tree = ask.inspect(module_tree)
    area = ask.choice_of("Area", "area", list(AREAS))
    show = ask.choice_of("Blocks", "blocks", (TOGETHER, EACH, *tree.blocks))
    return shown(tree, AREAS[area](ask, tree, area), area, show)


VIEW = View(
    "A network is modules within modules. Each rectangle is one, as large as what it **holds** or "
    "**does**: where are the parameters, and where does the work go?",
    kind="Network",
    kinds={"the loaded model": View("", of_model), "from a configuration": FROM_CONFIG},
)
