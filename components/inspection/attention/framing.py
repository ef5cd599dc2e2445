"""BertViz's page as it stands in a frame on a page of ours: in parts, which travel apart.

Layer and head are asked for beside the frame. So BertViz's own lists of them are hidden, which
would not follow; and where one layer is drawn, no numbers of another are there.
"""

import re
from itertools import pairwise
from typing import Final

from components.inspection.attention.standalone import SHIM

_UNLISTED: Final = "[id^=bertviz] > span, #layer, #att_head { display: none; }\n"
_NUMBERS: Final = ("attn", "queries", "keys")
"""What BertViz calls the numbers that it draws, in the order in which they stand in a page."""
FIXED: Final = (1, -2)
"""The places of what all pages of a view share: the libraries, and BertViz's own script."""
_DRAWN: Final = re.compile(r'"layer":(\d+)')
_LISTED: Final = re.compile(r'"include_layers":\[[\d,]*\]')


def framed(page: str) -> tuple[str, ...]:
    """Return `page` for a frame: scripts that all pages share and numbers, apart from the rest.

    In a row, the parts are a page.
    """
    shim = page.index(SHIM)
    seams = [0, page.index("<script>"), shim]
    for name in _NUMBERS:
        start = page.find(f'"{name}":[', shim)
        if start >= 0:
            # No text stands among numbers, and in a text each quotation mark follows a backslash.
            seams += [start, page.index(',"', start)]
    seams += [page.index("\n", seams[-1]), page.rindex("<script>"), len(page)]
    head, *parts = (page[start:end] for start, end in pairwise(seams))
    head = head.replace("</style>", f"{_UNLISTED}</style>")
    *before, choice, script, fit = parts
    drawn = _DRAWN.search(choice)
    if drawn:
        layer = int(drawn[1])
        before = [_of_layer(part, layer) if part.startswith('"') else part for part in before]
        # One view has a list of the layers that there are; the other counts them.
        choice = _LISTED.sub(f'"include_layers":[{layer}]', choice)
        if not _LISTED.search(choice):
            choice = _DRAWN.sub('"layer":0', choice)
    return (head, *before, choice, script, fit)


def _of_layer(numbers: str, layer: int) -> str:
    """Return `"name":[layer][head][row][column]` with one layer."""
    name, _, layers = numbers.partition(":")
    return f"{name}:[[[[{layers[4:-4].split(']]],[[[')[layer]}]]]]"
