"""The sheets of one attention head's workbook: numbers at the start, formulas from there on."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Float64
from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from components.inspection.machine.spreadsheet_cells import (
    KEY,
    LEFT,
    MADE,
    QUERY,
    SINK,
    VALUE,
    Block,
    beside,
    block,
    hatch,
    headers,
    heading,
    number,
    numbers,
    saved,
    say,
    shade,
    widths,
)
from components.inspection.machine.spreadsheet_compared import (
    EXACT,
    Compared,
    colour_verdict,
    compared,
)

READ_ME, VECTORS, SCORES, SOFTMAX, OUTPUT = (
    "Read me",
    "Queries keys values",
    "Scores",
    "Softmax",
    "Output",
)
MASKED: Final = "masked"


@dataclass(frozen=True, eq=False)
class Head:
    """What was recorded of one head: what its formulas start from, and must arrive at."""

    readers: tuple[str, ...]
    """The query tokens."""
    read: tuple[str, ...]
    """The key tokens."""
    queries: Float32[np.ndarray, "query size"]
    """After RoPE, where the model has it."""
    keys: Float32[np.ndarray, "key size"]
    """Likewise."""
    values: Float32[np.ndarray, "key value_size"]
    scale: float
    cap: float | None
    bias: Float32[np.ndarray, "query key"] | None
    """What is added for positions; 0 where masked."""
    visible: Bool[np.ndarray, "query key"]
    sinks: Float64[np.ndarray, "query sink"]
    """The score of a learned sink, for each query token."""
    weights: Float32[np.ndarray, "query key"]
    """The model's own, 0 to 1."""
    outputs: Float32[np.ndarray, "query value_size"]
    """The model's own sums of weights times values."""


def workbook(
    head: Head,
    bounds: tuple[Float64[np.ndarray, "query key"], Float64[np.ndarray, "query value_size"]],
    about: tuple[tuple[str, str], ...],
) -> bytes:
    """Return the workbook of `head` as an .xlsx.

    `bounds` say how far rounding may put its weights and its outputs from the recorded ones;
    `about` are names and what they stand for, of model, text and head.
    """
    book = Workbook()
    book.properties.creator, book.properties.created = "Vitrine", MADE
    book.calculation.fullCalcOnLoad = True
    cover = book.active
    cover.title = READ_ME
    queries, keys, values = _vectors(book.create_sheet(VECTORS), head)
    scores = _scores(book.create_sheet(SCORES), head, queries, keys)
    weights, first = _softmax(book.create_sheet(SOFTMAX), head, scores, bounds[0])
    second = _output(book.create_sheet(OUTPUT), head, weights, values, bounds[1])
    _read_me(cover, about, first, second)
    for sheet in book:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return saved(book)


def _vectors(sheet: Worksheet, head: Head) -> tuple[Block, Block, Block]:
    heading(sheet, "Recorded numbers: this head's query, key and value of each token", "C4")
    size = max(head.queries.shape[1], head.values.shape[1])
    say(sheet["B3"], "component")
    for place in range(size):
        number(sheet.cell(3, LEFT + place), place, "0", grey=True)
    title = "Queries (after RoPE, where the model has it)"
    queries = block(sheet, 4, title, head.readers, numbers(head.queries))
    title = "Keys (likewise)"
    keys = block(sheet, queries.below, title, head.read, numbers(head.keys), KEY)
    values = block(sheet, keys.below, "Values", head.read, numbers(head.values), VALUE)
    widths(sheet, size, (*head.readers, *head.read))
    return queries, keys, values


def _scores(sheet: Worksheet, head: Head, queries: Block, keys: Block) -> Block:
    """Write every step from q · k to the score, one block a step."""
    heading(sheet, "Scores: rows are query tokens, columns are key tokens", "C5")
    headers(sheet, 4, head.read, KEY)
    widths(sheet, len(head.read), (*head.readers, *head.read))
    say(sheet["A2"], "scale", bold=True)
    number(sheet["B2"], head.scale, "0.000000")
    down, across = range(len(head.readers)), range(len(head.read))

    def step(top: int, title: str, formula: str, *of: Block) -> Block:
        cells = [[formula.format(*(one.cell(i, j) for one in of)) for j in across] for i in down]
        return block(sheet, top, title, head.readers, cells)

    products = [
        [f"=SUMPRODUCT({queries.row(i, SCORES)},{keys.row(j, SCORES)})" for j in across]
        for i in down
    ]
    dots = block(sheet, 5, "query · key", head.readers, products)
    last = step(dots.below, "× scale (B2)", "={0}*$B$2", dots)
    if head.cap:
        say(sheet["C2"], "cap", bold=True)
        number(sheet["D2"], head.cap)
        title = "cap × tanh(… / cap): no score is beyond ±cap (D2)"
        last = step(last.below, title, "=$D$2*TANH({0}/$D$2)", last)
    added: tuple[Block, ...] = ()
    if head.bias is not None:
        title = "Added for the two positions (recorded)"
        added = (block(sheet, last.below, title, head.readers, numbers(head.bias)),)
    mask = block(
        sheet,
        (*added, last)[0].below,
        "Mask: 1 may be read, 0 may not (recorded; try another)",
        head.readers,
        numbers(head.visible.astype(np.float32)),
        form="0",
    )
    hatch(sheet, mask, f"{mask.cell(0, 0)}=0")
    kept = f'=IF({{0}}=1,{{1}}{"+{2}" if added else ""},"{MASKED}")'
    scores = step(mask.below, "Scores", kept, mask, last, *added)
    hatch(sheet, scores, f"ISTEXT({scores.cell(0, 0)})")
    return scores


def _softmax(
    sheet: Worksheet, head: Head, given: Block, bounds: Float64[np.ndarray, "query key"]
) -> tuple[Block, Compared]:
    """Write the softmax of each row, and compare it with the recorded weights."""
    heading(sheet, "Softmax: each row of scores becomes weights that sum to 1", "C5")
    headers(sheet, 4, head.read, KEY)
    down, keys, sinks = range(len(head.readers)), len(head.read), head.sinks.shape[1]
    if sinks:
        say(sheet.cell(4, LEFT + keys), "sink", colour=SINK)
    across = range(keys + sinks)
    widths(sheet, keys + sinks + 1, (*head.readers, *head.read))
    scores = block(
        sheet,
        5,
        "Scores (of the sheet before)",
        head.readers,
        [
            [f"={given.cell(i, j, SOFTMAX)}" for j in range(keys)] + [*map(float, head.sinks[i])]
            for i in down
        ],
    )
    largest = beside(sheet, scores, "largest", [f"=MAX({scores.row(i)})" for i in down])

    def power(i: int, j: int) -> str:
        score = scores.cell(i, j)
        return f"=IF(ISNUMBER({score}),EXP({score}-{largest.cell(i, 0)}),0)"

    title = "e ^ (score − largest of its row)"
    exponentials = [[power(i, j) for j in across] for i in down]
    powers = block(sheet, scores.below, title, head.readers, exponentials)
    sums = beside(sheet, powers, "sum", [f"=SUM({powers.row(i)})" for i in down])
    quotients = [[f"={powers.cell(i, j)}/{sums.cell(i, 0)}" for j in across] for i in down]
    weights = block(sheet, powers.below, "Weights: divided by the sum", head.readers, quotients)
    beside(sheet, weights, "sum", [f"=SUM({weights.row(i)})" for i in down])
    masked = f"ISTEXT({scores.cell(0, 0)})"
    for one in (scores, powers, weights):
        hatch(sheet, one, masked)
    shade(sheet, weights)
    weights = replace(weights, columns=keys)
    recorded, told = compared(sheet, weights, head.readers, head.weights, bounds)
    hatch(sheet, recorded, masked)
    shade(sheet, recorded)
    return weights, told


def _output(
    sheet: Worksheet,
    head: Head,
    weights: Block,
    values: Block,
    bounds: Float64[np.ndarray, "query value_size"],
) -> Compared:
    """Write the sums of weights times values, and compare them with the recorded outputs."""
    heading(sheet, "Output: each token's sum of weights × values", "C2")
    down, size = range(len(head.readers)), head.values.shape[1]
    widths(sheet, max(size, len(head.readers)), (*head.readers, *head.read))
    headers(sheet, 4, head.readers, QUERY)
    turned = block(
        sheet,
        5,
        "Weights on their side: a column for each query token",
        head.read,
        [[f"={weights.cell(i, j, OUTPUT)}" for i in down] for j in range(len(head.read))],
        KEY,
    )
    shade(sheet, turned)
    say(sheet.cell(turned.below, 2), "component")
    for place in range(size):
        number(sheet.cell(turned.below, LEFT + place), place, "0", grey=True)
    sums = [
        [f"=SUMPRODUCT({turned.column(i)},{values.column(c, OUTPUT)})" for c in range(size)]
        for i in down
    ]
    title = "Output: a column of weights times a column of values"
    outputs = block(sheet, turned.below + 1, title, head.readers, sums)
    return compared(sheet, outputs, head.readers, head.outputs, bounds)[1]


def _read_me(
    sheet: Worksheet, about: tuple[tuple[str, str], ...], weights: Compared, outputs: Compared
) -> None:
    heading(sheet, "One attention head, every step a formula", "A2")
    lines = (
        *about,
        (VECTORS, "Real numbers, recorded while the model read the text. All else comes of them."),
        (SCORES, "How well each query fits each key. Hatched: the mask forbids to read there."),
        (SOFTMAX, "Scores become weights. Below them the model's own weights, for comparison."),
        (OUTPUT, "The weighted sums of the values: what this head hands on. Again compared."),
        ("Try it", "Click a cell and read its formula. Change a number, such as the scale."),
        ("Empty cells?", "Choose “Enable Editing”: the formulas are computed on your machine."),
    )
    for line, (name, text) in enumerate(lines, 2):
        say(sheet.cell(line, 1), name, bold=True)
        say(sheet.cell(line, 2), text)
        sheet.cell(line, 2).alignment = Alignment(wrap_text=True, vertical="top")
    row = len(lines) + 3
    for column, name in enumerate(("verdict", "largest difference", "largest bound"), 2):
        say(sheet.cell(row, column), name, bold=True)
    for place, (name, one) in enumerate((("Weights", weights), ("Outputs", outputs)), row + 1):
        say(sheet.cell(place, 1), name, bold=True)
        for column, named in enumerate((one.verdict, one.largest, one.bound), 2):
            number(sheet.cell(place, column), f"={named}", EXACT)
            sheet.cell(place, column).alignment = Alignment(horizontal="left")
    colour_verdict(sheet, f"B{row + 1}:B{row + 2}")
    for letter, width in zip("ABCD", (22, 80, 18, 16), strict=True):
        sheet.column_dimensions[letter].width = width
