"""The ledger as a figure with what belongs to it, of a loaded model or of a configuration."""

from components.figures.architecture.ledger import ledger_map, ledger_outline, ledger_table
from components.figures.numbers import percent
from components.inspection.architecture.ledger import ledger
from components.inspection.architecture.module_tree import ModuleTree, shares
from components.lesson import Shown
from pages.inside.architecture.ledger_question import question
from pages.inside.architecture.ledger_values import Values
from pages.inside.architecture.ledger_words import READ, WHERE

FORMULAS = {
    "operations": r"\underbrace{2\,n\,m\,T}_{\text{matrix}} \qquad "
    r"\underbrace{2\,h\,T_q\,T_k\,(d_k + d_v)}_{\text{attention}}",
}
SYMBOLS = {
    "operations": "A matrix of n x m numbers reads T tokens; each of h heads multiplies T_q "
    "queries with T_k keys of d_k numbers, and as many weights with values of d_v numbers. A "
    "multiplication and an addition are two operations.",
}


def shown(tree: ModuleTree, found: Values, area: str, show: str) -> Shown:
    values, told, checks, code = found
    drawn, of = ledger(tree, values, show), shares(tree.rows, values)
    asked = question(tree, of, area, ledger_outline(ledger(tree, values), area))
    parts = ", ".join(f"{part} {percent(share)}" for part, share in of.items())
    if drawn.cut:
        told += f" The picture leaves out {drawn.cut:,} inner rectangles; the table has them."
    return Shown(
        ledger_map(drawn, area, of),
        alt=f"{WHERE[area]} of {tree.name}, module by module: {parts}.",
        told=told,
        checks=(*checks, *drawn.checks),
        table=lambda: ledger_table(tree, values, area),
        read=READ,
        code=code,
        uncoded="" if code else "A few lines cannot count this.",
        formula=FORMULAS.get(area, ""),
        symbols=SYMBOLS.get(area, ""),
        predict=asked,
        tries="Choose another area: is the same part the largest? Draw one block alone.",
        facts={"model": tree.name, "area": area, "parameters": tree.total, "shares": of},
    )
