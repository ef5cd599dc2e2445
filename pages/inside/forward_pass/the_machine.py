"""View: the whole forward pass in one drawing."""

from functools import partial

from components import engine
from components.figures.machine.tables import path_table
from components.inspection.machine.spreadsheet import MOST_TOKENS, spreadsheet
from components.lesson import Ask, File, Shown, View
from components.widgets.machine.assembled import Assembled
from components.widgets.machine.on_stage import drawn
from pages.inside.forward_pass import code
from pages.inside.forward_pass.tour_words import tour_part
from pages.inside.forward_pass.words import READ, told


def show(ask: Ask) -> Shown:
    found = drawn(ask, lambda about: tour_part(about.questions, about.kinds))
    return Shown(
        None,
        alt=found.label,
        told=told(found),
        checks=found.checks,
        table=lambda: path_table(found.river, found.path, found.push),
        read=READ,
        code=code.path(ask.choice, ask.facts, found),
        uncoded="With parts switched off this takes hooks in the network: switch them on again.",
        formula=POST_NORMED if found.river.post_normed else SUM,
        symbols=f"x is the residual stream of one token ({found.river.width} numbers), a what "
        "attention writes to it, m what the MLP writes, l the block, from 0 to "
        f"{found.river.layers - 1}.",
        facts={"token": found.place, "stack": found.stack, "off": list(found.look.off)},
        files=sheets(ask, found),
    )


def sheets(ask: Ask, found: Assembled) -> tuple[File, ...]:
    """Return the open head as a spreadsheet, if a block is open and the text is short."""
    if found.look.open is None or found.look.off or max(found.read.tokens.values()) > MOST_TOKENS:
        return ()
    group = "cross" if found.look.cross else found.stack
    given = found.read.ids, found.read.target, group, found.look.open, found.state["head"]
    make = partial(workbook, ask.choice, *given)
    return (File("The open head, as a spreadsheet (xlsx)", make, "xlsx"),)


def workbook(choice: engine.ModelChoice, *given: object) -> bytes:
    return engine.inspect(spreadsheet, choice, *given).file


SUM = r"x_{l+1} = x_l + a_l + m_l"
POST_NORMED = r"x_{l+1} = \mathrm{norm}(\mathrm{norm}(x_l + a_l) + m_l)"

VIEW = View(
    "The prompt enters at the left, the next token leaves at the right. **Click** a block to open "
    "it, a token to follow it, a number to take it apart.",
    show,
    wide=True,
)
