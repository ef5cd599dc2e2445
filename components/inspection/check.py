"""Check a model from the command line: `python -m components.inspection.check MODEL`.

Prints every premise and check with its verdict, the deviation found and the bound that it is held
against. Exit status 1 if one fails; 2 if the model cannot be had.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Final

from components.inspection.devices import DTYPES
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.self_check import Row, SelfCheck, Verdict, self_check
from components.inspection.self_check.inspections import TEXT

SIGNS: Final[dict[Verdict, str]] = {
    "holds": "✓",
    "fails": "✗",
    "reported": "·",
    "not so": "○",
    "does not apply": "–",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the model named on the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m components.inspection.check", description=__doc__.splitlines()[0]
    )
    parser.add_argument("model", help="a bundled name, a folder, a .gguf file, or a hub id")
    parser.add_argument("--dtype", default="auto", choices=("auto", *DTYPES))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:0, mps")
    parser.add_argument("--revision", default="main", help="a branch, tag or commit, on the hub")
    parser.add_argument("--text", default=TEXT, help="what it reads")
    given = parser.parse_args(arguments)
    # What a family's code cannot do is a row of the table here.
    logging.getLogger("components").setLevel(logging.ERROR)
    try:
        model = load_model(given.model, given.device, given.dtype, given.revision)
    except InspectionError as error:
        print(error, file=sys.stderr)
        return 2
    facts = model.facts
    print(
        f"{model.source}: {facts.family}, {facts.parameters / 1e6:,.1f} million parameters, "
        f"{facts.dtype} on {facts.device}" + (f", from {facts.quantized}" * bool(facts.quantized))
    )
    found, page = SelfCheck((), 0, 0, ""), ""
    for so_far in self_check(model, given.text):
        for row in so_far.rows[len(found.rows) :]:
            if row.page != page:
                page = row.page
                print(f"\n{page}")
            print("\n".join(lines(row)), flush=True)
        found = so_far
    counts = ((found.count(verdict), verdict) for verdict in SIGNS)
    print("\n" + ", ".join(f"{count} {verdict}" for count, verdict in counts if count))
    return 1 if found.count("fails") else 0


def lines(row: Row) -> list[str]:
    """Return a row as it is printed: sign, view, numbers, and what must be so.

    >>> print(*lines(Row("Attention", "All heads", "rows sum to 1", "holds", 0.0, 1e-6)))
      ✓ All heads                 0 of 1e-06           rows sum to 1
    """
    first = f"  {SIGNS[row.verdict]} {row.view:<25} {row.numbers:<20} {row.says}"
    return [first, *([f"      {row.meaning}"] if row.meaning else [])]


if __name__ == "__main__":
    sys.exit(main())
