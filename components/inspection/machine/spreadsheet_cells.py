"""Blocks of cells in a workbook: where they stand, how formulas name them, text that is text."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
from jaxtyping import Float
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

QUERY, KEY, VALUE, SINK = "0072B2", "D55E00", "009E73", "6B6B6B"
VIOLET: Final = ("F7F5FB", "9B84C9", "3F1D78")
"""Attention weights 0, a half and 1."""
LEFT: Final = 3
"""The first column of numbers; before it stand a token's place and the token."""
NUMBER: Final = "0.000"
MOST_SHOWN: Final = 200
"""Characters of one token or line of text in a cell."""
_SIGNS: Final = {" ": "·", "\t": "⇥", "\n": "↵", "\r": "␍", "\x7f": "␡"}
MADE: Final = datetime(2000, 1, 1)
"""The date in the file, so that the same head gives the same bytes."""
_RIGHT: Final = Alignment(horizontal="right")
_font = partial(Font, name="Calibri", size=11)
_JOINER: Final = "\u200d"
"""Joins several emoji to one, so it stays."""


def signs(text: str) -> str:
    r"""Return `text` with a sign for what XML forbids in a cell, or an eye would miss.

    >>> signs(" the\n"), signs("\x00\x1b"), signs("\u202e"), signs("")
    ('·the↵', '␀␛', '⟨U+202E⟩', '∅')
    """
    shown = "".join(map(_sign, text[:MOST_SHOWN])) or "∅"
    return f"{shown}…" if len(text) > MOST_SHOWN else shown


def _sign(character: str) -> str:
    code = ord(character)
    if character in _SIGNS:
        return _SIGNS[character]
    if code < 0x20:
        return chr(0x2400 + code)
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    if (hidden and character != _JOINER) or code & 0xFFFE == 0xFFFE:
        return f"⟨U+{code:04X}⟩"
    return character


@dataclass(frozen=True)
class Block:
    """A rectangle of numbers or formulas on one sheet."""

    sheet: str
    top: int
    """The sheet's row of its first line; counted from 1."""
    rows: int
    columns: int
    left: int = LEFT

    @property
    def below(self) -> int:
        """Where the next block's title stands."""
        return self.top + self.rows + 1

    def cell(self, row: int, column: int, here: str = "") -> str:
        """Return one cell's name in a formula on the sheet `here`.

        >>> Block("Scores", 5, 12, 12).cell(0, 1), Block("A b", 5, 1, 1).cell(0, 0, "Output")
        ('D5', "'A b'!C5")
        """
        return f"{self._sheet(here)}{get_column_letter(self.left + column)}{self.top + row}"

    def area(self, first: tuple[int, int], last: tuple[int, int], here: str = "") -> str:
        """Return the name of the rectangle from one cell to another."""
        end = f"{get_column_letter(self.left + last[1])}{self.top + last[0]}"
        return f"{self.cell(*first, here)}:{end}"

    def row(self, row: int, here: str = "") -> str:
        """Return the name of one row."""
        return self.area((row, 0), (row, self.columns - 1), here)

    def column(self, column: int, here: str = "") -> str:
        """Return the name of one column."""
        return self.area((0, column), (self.rows - 1, column), here)

    def whole(self, here: str = "") -> str:
        """Return the name of all of it."""
        return self.area((0, 0), (self.rows - 1, self.columns - 1), here)

    def _sheet(self, here: str) -> str:
        return "" if here in ("", self.sheet) else f"'{self.sheet}'!"


def say(cell: Cell, text: str, bold: bool = False, colour: str = "") -> None:
    """Write `text` as text: it is no formula, whatever it begins with.

    `colour` fills the cell, and the text is white then.
    """
    # ECMA-376, ST_Xstring: _x000D_ would be read as a control character.
    cell.value = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", signs_kept(text))
    cell.data_type = "s"
    cell.quotePrefix = True  # so that it stays text when a reader edits the cell
    if bold or colour:
        cell.font = _font(bold=True, color="FFFFFF" if colour else "000000")
    if colour:
        cell.fill = PatternFill("solid", fgColor=colour)


def signs_kept(text: str) -> str:
    """Do as `signs`, for a sentence: its spaces stay, and so does its length."""
    return "".join(one if one == " " else _sign(one) for one in text)


def headers(sheet: Worksheet, row: int, names: Sequence[str], colour: str) -> None:
    """Write places and names of columns into the two rows that end at `row`."""
    for place, name in enumerate(names):
        number(sheet.cell(row - 1, LEFT + place), place, "0", grey=True)
        cell = sheet.cell(row, LEFT + place)
        say(cell, signs(name), colour=colour)
        cell.alignment = Alignment(horizontal="center")


def number(cell: Cell, value: float | str, form: str = NUMBER, grey: bool = False) -> None:
    """Write a number, or a formula of ours, which begins with "="."""
    cell.value = value
    cell.number_format = form
    if grey:
        cell.font = _font(color="808080")


def block(
    sheet: Worksheet,
    title_row: int,
    title: str,
    names: Sequence[str],
    cells: Sequence[Sequence[float | str]],
    colour: str = QUERY,
    form: str = NUMBER,
) -> Block:
    """Write a title, and below it one row of numbers or formulas for each of `names`."""
    say(sheet.cell(title_row, 1), title, bold=True)
    for down, (name, row) in enumerate(zip(names, cells, strict=True)):
        place = title_row + 1 + down
        number(sheet.cell(place, 1), down, "0", grey=True)
        say(sheet.cell(place, 2), signs(name), colour=colour)
        for across, value in enumerate(row):
            number(sheet.cell(place, LEFT + across), value, form)
            sheet.cell(place, LEFT + across).alignment = _RIGHT
    return Block(sheet.title, title_row + 1, len(names), len(cells[0]))


def beside(sheet: Worksheet, of: Block, name: str, formulas: Sequence[str]) -> Block:
    """Write one more column to the right of a block, with `name` above it."""
    column = of.left + of.columns
    say(sheet.cell(of.top - 1, column), name, bold=True)
    for down, formula in enumerate(formulas):
        number(sheet.cell(of.top + down, column), formula)
        sheet.cell(of.top + down, column).font = _font(italic=True)
    return Block(of.sheet, of.top, of.rows, 1, column)


def hatch(sheet: Worksheet, of: Block, condition: str) -> None:
    """Hatch the cells of a block where a formula, written for its first cell, is true."""
    fill = PatternFill("lightUp", fgColor="8A8A8A", bgColor="E6E6E6")
    rule = FormulaRule(formula=[condition], fill=fill, font=Font(color="707070"), stopIfTrue=True)
    sheet.conditional_formatting.add(of.whole(), rule)


def shade(sheet: Worksheet, of: Block) -> None:
    """Colour weights from light to deep violet, with white digits on the deep."""
    low, middle, high = VIOLET
    points = ("num", 0, low, "num", 0.5, middle, "num", 1, high)
    names = ("type", "value", "color")
    settings = {
        f"{which}_{name}": points[3 * place + at]
        for place, which in enumerate(("start", "mid", "end"))
        for at, name in enumerate(names)
    }
    sheet.conditional_formatting.add(of.whole(), ColorScaleRule(**settings))
    white = CellIsRule(operator="greaterThan", formula=["0.5"], font=Font(color="FFFFFF"))
    sheet.conditional_formatting.add(of.whole(), white)


def widths(sheet: Worksheet, columns: int, names: Sequence[str]) -> None:
    """Make columns as wide as what stands in them; the tokens' column holds the longest of them."""
    longest = max(len(signs(name)) for name in names)
    sheet.column_dimensions["A"].width = 5
    sheet.column_dimensions["B"].width = min(max(22, longest + 2), 32)
    for column in range(columns):
        sheet.column_dimensions[get_column_letter(LEFT + column)].width = 11


def numbers(array: Float[np.ndarray, "row column"]) -> list[list[float]]:
    """Return an array as plain numbers, which Python's writers of files take."""
    return [[float(one) for one in row] for row in array]


def heading(sheet: Worksheet, text: str, freeze: str) -> None:
    """Write what a sheet shows, and say from which cell on it scrolls."""
    say(sheet["A1"], text)
    sheet["A1"].font = Font(name="Calibri", bold=True, size=14)
    sheet.freeze_panes = freeze


def saved(book: Workbook) -> bytes:
    """Return a workbook as an .xlsx, with a constant for the dates that saving writes into it."""
    saved, out = io.BytesIO(), io.BytesIO()
    book.save(saved)
    day = f"{MADE.isoformat()}Z".encode()
    with zipfile.ZipFile(saved) as given, zipfile.ZipFile(out, "w") as kept:
        for name in given.namelist():
            content = given.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + day, content)
            info = zipfile.ZipInfo(name, MADE.timetuple()[:6])
            kept.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
