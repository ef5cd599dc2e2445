"""Writing on from the prompt, token by token, in branches: buttons, the stream, and its tokens."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.errors import InspectionError
from components.inspection.sampling import generation
from components.inspection.sampling.generation import Step
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.tree import ROOT, Tree
from components.widgets.ask import Ask
from components.widgets.ribbon import LINE, Bead, ribbon

TREE: Final = "sampling-tree"
NODE: Final = "sampling-node"
_SAID: Final = "sampling-said"


@dataclass(frozen=True)
class Plan:
    """How to write on: the settings, how many tokens at most, and the texts to stop at."""

    settings: Settings
    new_tokens: int
    stops: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Generation(Mapping[str, object]):
    """All that was written, the node that is looked at, and what is to be said of the last run.

    As a mapping it is what a JSON file holds of the branches, made when it is asked for.
    """

    tree: Tree
    node: int
    said: str

    def __getitem__(self, name: str) -> object:
        if name != "branches":
            raise KeyError(name)
        return [{"parent": each.parent, **asdict(each.step)} for each in self.tree.nodes]

    def __iter__(self) -> Iterator[str]:
        yield "branches"

    def __len__(self) -> int:
        return 1

    @property
    def step(self) -> Step | None:
        """The step that is looked at; None at the end of the prompt."""
        return None if self.node == ROOT else self.tree.nodes[self.node].step


def writing(ask: Ask, plan: Plan) -> Generation:
    """Draw the buttons and the tokens written so far in the row; write what is asked for.

    Raises:
        InspectionError: the prompt cannot be written on.
    """
    return ask.drawn("writing", lambda row: _draw(ask, plan, row))


def _draw(ask: Ask, plan: Plan, row: DeltaGenerator) -> Generation:
    tree, node = _kept(ask)
    here = "the end of the prompt" if node == ROOT else f"token {len(tree.path(node))}"
    buttons = row.container(horizontal=True, gap="small", key="sampling-buttons", width=LINE)
    count = f"{plan.new_tokens}"
    if buttons.button(f"Write {count}", type="primary", key="write", help=f"Go on from {here}."):
        _write(ask, plan, plan.new_tokens)
    if buttons.button("One token", key="write-one", help=f"Go on from {here} by one token."):
        _write(ask, plan, 1)
    if buttons.button(
        "Write again",
        key="again",
        disabled=not tree.nodes,
        help=f"Begin at the end of the prompt once more, and write {count}.",
    ):
        _keep(ask, tree, ROOT)
        _write(ask, plan, plan.new_tokens)
    others = buttons.popover("Take another token", key=f"another-{node}", disabled=node == ROOT)
    if node != ROOT:
        with others:
            _instead(ask, plan, tree, node)
    if buttons.button(
        "Rewind to here",
        key="rewind",
        help=f"Forget what follows {here}.",
        disabled=node == ROOT or not tree.children(node),
    ):
        _keep(ask, tree.rewound(node), node)
        st.rerun()
    if buttons.button("Start over", key="over", disabled=not tree.nodes):
        _keep(ask, Tree(), ROOT)
        st.rerun()
    if tree.nodes:
        with row.container(key="sampling-written", width=LINE):
            picked = ribbon(_rows(tree), node, key="written")
        if picked is not None and 0 <= picked < len(tree.nodes):
            _keep(ask, tree, picked)
            st.rerun()
    return Generation(tree, node, st.session_state.pop(_SAID, ""))


def _kept(ask: Ask) -> tuple[Tree, int]:
    kept = st.session_state.get(TREE)
    if kept is None or kept[0] != (ask.choice, ask.prompt):
        return Tree(), ROOT
    node = st.session_state.get(NODE, ROOT)
    return kept[1], node if node < len(kept[1].nodes) else ROOT


def _keep(ask: Ask, tree: Tree, node: int) -> None:
    # A tree grows over many runs and is no widget's value; it is bounded (`tree.MOST_NODES`).
    st.session_state[TREE] = ((ask.choice, ask.prompt), tree)
    st.session_state[NODE] = node


def _write(ask: Ask, plan: Plan, count: int) -> None:
    """Stream tokens into the tree, then run anew. Each is kept at once: stopping loses nothing."""
    tree, node = _kept(ask)
    so_far = "".join(tree.nodes[each].step.chosen.text for each in tree.path(node))
    with ask.stage.container():
        st.button(
            "Stop writing",
            type="primary",
            key="stop-writing",
            help="Keeps what is written so far.",
        )
        place = st.empty()
    inputs = (ask.prompt, plan.settings, count, plan.stops, tree.tokens(node))
    same = fresh = 0
    for step in engine.stream(generation.steps, ask.choice, *inputs):
        before = len(tree.nodes)
        try:
            tree, node = tree.grown(node, step)
        except InspectionError as error:
            st.session_state[_SAID] = str(error)
            st.rerun()
        fresh += len(tree.nodes) > before
        same += len(tree.nodes) == before
        _keep(ask, tree, node)
        so_far += step.chosen.text
        place.code(so_far, language=None, wrap_lines=True)
    ended = f"Stopped: {tree.nodes[node].step.ended}."
    if same and not fresh:
        ended += f" Same seed, same settings, same text: all {same} tokens as before."
    # Said once, in the run that follows.
    st.session_state[_SAID] = ended
    st.rerun()


def _instead(ask: Ask, plan: Plan, tree: Tree, node: int) -> None:
    step = tree.nodes[node].step
    others = {each.token: each for each in step.candidates if each.token != step.chosen.token}
    token = st.selectbox(
        f"Instead of token {len(tree.path(node))}",
        list(others),
        format_func=lambda each: f"{visible(others[each].text)}   {percent(others[each].before)}",
        key=f"instead-{node}",
    )
    if token is not None and st.button("Take it, and go on", key="take"):
        _keep(ask, *tree.grown(tree.nodes[node].parent, step.instead(token)))
        _write(ask, plan, plan.new_tokens)


def _rows(tree: Tree) -> list[tuple[str, list[Bead]]]:
    """One row for each branch; a later branch shows only what is its own."""
    rows, seen = [], set[int]()
    for leaf in tree.leaves():
        path = tree.path(leaf)
        own = [each for each in path if each not in seen]
        shared = len(path) - len(own)
        seen.update(own)
        label = "" if not shared else f"↳ after token {shared}"
        rows.append((label, [_bead(each, tree.nodes[each].step) for each in own]))
    return rows


def _bead(node: int, step: Step) -> Bead:
    chosen = step.chosen
    title = f"rank {chosen.rank:,}, {percent(chosen.after)} ({percent(chosen.before)} before)"
    mark = "hand" if step.taken == "by hand" else ""
    level = chosen.after or chosen.before
    return Bead(node, chosen.text, level, f"{title}, {step.taken}", mark)
