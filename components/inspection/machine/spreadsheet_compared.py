"""What formulas give beside what was recorded: differences and verdicts, as formulas too."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from components.inspection.machine.spreadsheet_cells import (
    LEFT,
    Block,
    block,
    number,
    numbers,
    say,
)

EXACT: Final = "0.0E+00"
"""How small numbers are shown."""


@dataclass(frozen=True)
class Compared:
    """Cells that say how far formulas and recorded numbers are apart, as other sheets name them."""

    largest: str
    bound: str
    verdict: str


def compared(
    sheet: Worksheet,
    ours: Block,
    names: tuple[str, ...],
    recorded: Float32[np.ndarray, "query column"],
    bounds: Float64[np.ndarray, "query column"],
) -> tuple[Block, Compared]:
    """Write what was recorded below what formulas give, how far they are apart, and may be."""
    down, across = range(ours.rows), range(ours.columns)
    theirs = block(sheet, ours.below, "Recorded by the model", names, numbers(recorded))
    apart = block(
        sheet,
        theirs.below,
        "Difference",
        names,
        [[f"=ABS({ours.cell(i, j)}-{theirs.cell(i, j)})" for j in across] for i in down],
        form=EXACT,
    )
    words = "What rounding may account for"
    allowed = block(sheet, apart.below, words, names, numbers(bounds), form=EXACT)
    row, here = allowed.below, sheet.title
    count = f"C{row + 2}"
    beyond = f"SUMPRODUCT(--({apart.whole()}>{allowed.whole()}))"
    lines = (
        ("largest difference", f"=MAX({apart.whole()})", EXACT),
        ("largest bound", f"=MAX({allowed.whole()})", EXACT),
        ("cells beyond their bound", f"={beyond}", "0"),
        ("verdict", f'=IF(ISNUMBER({count}),IF({count}=0,"holds","fails"),"fails")', "General"),
    )
    for place, (name, formula, form) in enumerate(lines):
        say(sheet.cell(row + place, 2), name, bold=True)
        number(sheet.cell(row + place, LEFT), formula, form)
    colour_verdict(sheet, f"C{row + 3}")
    cells = [f"'{here}'!C{row + place}" for place in range(4)]
    return theirs, Compared(cells[0], cells[1], cells[3])


def colour_verdict(sheet: Worksheet, area: str) -> None:
    """Colour the cells in which a verdict stands."""
    for verdict, colour in (("holds", "C6EFCE"), ("fails", "FFC7CE")):
        fill = PatternFill("solid", bgColor=colour)
        rule = CellIsRule(operator="equal", formula=[f'"{verdict}"'], fill=fill)
        sheet.conditional_formatting.add(area, rule)
