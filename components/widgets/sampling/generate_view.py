"""View: write on token by token, see why each was taken, take another, go on from there."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.inspection.sampling.settings import Settings
from components.widgets.sampling import code, state
from components.widgets.sampling.ribbon import Bead, ribbon

if TYPE_CHECKING:
    from components.inspection.sampling.generation import Step
    from components.inspection.sampling.tree import Tree

_TREE: Final = "sampling-tree"
_NODE: Final = "sampling-node"
_ROOT: Final = -1


def generate_view(choice: ModelChoice, text: str) -> None:
    """Let the reader write on from `text`, step by step or all at once, in branches."""
    from components.inspection.decoding import require_writing

    engine.inspect(require_writing, choice)
    settings = state.settings_popover()
    tokens, stop = st.columns([1, 2])
    with tokens:
        new_tokens = state.asked_number("New tokens", "new", 1, 200, 30)
    with stop:
        stops = _stops(
            st.text_input(
                "Stop at",
                key="stop",
                bind="query-params",
                persist_state="session",
                max_chars=200,
                placeholder="a text to stop at; several with | between",
                help="Writing stops as soon as the text written so far contains one of these, "
                r"even across tokens. \n is a line break.",
            )
        )
    tree, node = _kept(choice, text)
    here = "the end of the prompt" if node == _ROOT else f"token {len(tree.path(node))}"
    write, one, again, rewind, over = st.columns(5)
    go = write.button(
        f"Write {new_tokens}",
        key="write",
        type="primary",
        width="stretch",
        help=f"Go on from {here}.",
    )
    single = one.button(
        "One token", key="write-one", width="stretch", help=f"Go on from {here} by one token."
    )
    anew = again.button(
        "Write again",
        key="again",
        width="stretch",
        disabled=not tree.nodes,
        help=f"Begin at the end of the prompt once more, and write {new_tokens}.",
    )
    if rewind.button(
        "Rewind to here",
        key="rewind",
        width="stretch",
        help=f"Forget what follows {here}.",
        disabled=node == _ROOT or not tree.children(node),
    ):
        tree = tree.rewound(node)
        _keep(choice, text, tree, node)
        st.rerun()
    if over.button("Start over", key="over", width="stretch", disabled=not tree.nodes):
        from components.inspection.sampling.tree import Tree

        _keep(choice, text, Tree(), _ROOT)
        st.rerun()
    if anew:
        _keep(choice, text, tree, _ROOT)
    if go or single or anew:
        _write(choice, text, settings, 1 if single else new_tokens, stops)
        st.rerun()
    if not tree.nodes:
        st.info(
            "Before you write: with temperature 0, will writing twice give the same text? And with "
            f"temperature 1 and the same seed? Press **Write {new_tokens}**, then **Write again**, "
            "which begins at the prompt once more, and see."
        )
    else:
        _show(choice, text, tree, node, settings, new_tokens, stops)
    with st.expander("The same in a few lines of transformers"):
        facts = engine.facts(choice)
        st.code(
            code.generate_code(choice, facts, text, settings, new_tokens, stops),
            language="python",
        )
        st.caption(
            "`generate` draws with `torch.multinomial`: the same distribution, other random "
            "numbers. Its seed is the whole process's; here each text has a generator of its own, "
            "so that readers side by side cannot change each other's text."
        )


def _stops(given: str) -> tuple[str, ...]:
    return tuple(part.replace(r"\n", "\n") for part in given.split("|") if part)[:8]


def _kept(choice: ModelChoice, text: str) -> tuple["Tree", int]:
    from components.inspection.sampling.tree import Tree

    kept = st.session_state.get(_TREE)
    if kept is None or kept[0] != (choice, text):
        return Tree(), _ROOT
    node = st.session_state.get(_NODE, _ROOT)
    return kept[1], node if node < len(kept[1].nodes) else _ROOT


def _keep(choice: ModelChoice, text: str, tree: "Tree", node: int) -> None:
    # A tree grows over many runs and is no widget's value; it is bounded (`tree.MOST_NODES`).
    st.session_state[_TREE] = ((choice, text), tree)
    st.session_state[_NODE] = node


def _write(
    choice: ModelChoice, text: str, settings: Settings, count: int, stops: tuple[str, ...]
) -> None:
    """Stream tokens into the tree. Each is kept at once, so stopping loses nothing."""
    from components.inspection.sampling import generation

    tree, node = _kept(choice, text)
    taken = tree.tokens(node)
    st.button(
        "Stop writing", type="primary", key="stop-writing", help="Keeps what is written so far."
    )
    place = st.empty()
    so_far = "".join(tree.nodes[each].step.chosen.text for each in tree.path(node))
    same = fresh = 0
    for step in engine.stream(generation.steps, choice, text, settings, count, stops, taken):
        before = len(tree.nodes)
        try:
            tree, node = tree.grown(node, step)
        except InspectionError as error:
            st.session_state["sampling-said"] = str(error)
            return
        fresh += len(tree.nodes) > before
        same += len(tree.nodes) == before
        _keep(choice, text, tree, node)
        so_far += step.chosen.text
        place.code(so_far, language=None, wrap_lines=True)
    ended = tree.nodes[node].step.ended
    again = (
        f" Same seed, same settings, same text: all {same} tokens as before."
        if same and not fresh
        else ""
    )
    # Shown once, after the run that follows.
    st.session_state["sampling-said"] = f"Stopped: {ended}.{again}"


def _show(
    choice: ModelChoice,
    text: str,
    tree: "Tree",
    node: int,
    settings: Settings,
    new_tokens: int,
    stops: tuple[str, ...],
) -> None:
    said = st.session_state.pop("sampling-said", None)
    if said:
        st.caption(said)
    picked = ribbon(_rows(tree), node, key="written")
    if picked is not None and 0 <= picked < len(tree.nodes):
        _keep(choice, text, tree, picked)
        st.rerun()
    if node == _ROOT:
        st.caption("Click a token to see why it was taken.")
        return
    step = tree.nodes[node].step
    _explain(step, len(tree.path(node)))
    _instead(choice, text, tree, node, settings, new_tokens, stops)
    _save(tree)


def _rows(tree: "Tree") -> list[tuple[str, list[Bead]]]:
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


def _bead(node: int, step: "Step") -> Bead:
    chosen = step.chosen
    title = f"rank {chosen.rank:,}, {chosen.after:.1%} ({chosen.before:.1%} before), {step.taken}"
    mark = "hand" if step.taken == "by hand" else ""
    return Bead(node, chosen.text, chosen.after or chosen.before, title, mark)


def _explain(step: "Step", number: int) -> None:
    from components.figures.sampling import candidate_bars, draw_line
    from components.figures.visible import visible

    chosen = step.chosen
    name = f"“`{visible(chosen.text)}`”"
    st.subheader(f"Token {number}: why {name}?", anchor=False)
    if step.taken == "drawn" and step.number is not None:
        st.markdown(
            f"The random number **{step.number:.4f}** falls between {chosen.low:.4f} and "
            f"{chosen.high:.4f}, the stretch of {name}. It is rank **{chosen.rank:,}** in what the "
            f"model says ({chosen.before:.2%}); the settings leave {step.tokens_left:,} "
            f"token{'s' * (step.tokens_left > 1)}, and it has **{chosen.after:.2%}**. Entropy: "
            f"{step.entropy_before:.2f} bits before, {step.entropy_after:.2f} after."
        )
        st.plotly_chart(
            draw_line(step),
            config=state.PICTURE,
            key="draw-line",
            alt=f"The line from 0 to 1: {step.number:.4f} falls on {chosen.text!r}.",
        )
    elif step.taken == "greedy":
        st.markdown(
            f"{name} is the likeliest token after the penalties ({chosen.before:.2%} in what the "
            "model says), and temperature 0 always takes the likeliest: no random number is used."
        )
    else:
        st.markdown(
            f"You took {name}. The model gave it {chosen.before:.2%}, rank {chosen.rank:,}; after "
            f"the settings it had {chosen.after:.2%}."
        )
    st.plotly_chart(
        candidate_bars(step),
        config=state.PICTURE,
        key="candidates",
        alt=f"The likeliest tokens before and after the settings; {chosen.text!r} was taken.",
    )
    with st.expander("As a table"):
        st.dataframe([asdict(each) for each in step.candidates], hide_index=True)


def _instead(
    choice: ModelChoice,
    text: str,
    tree: "Tree",
    node: int,
    settings: Settings,
    new_tokens: int,
    stops: tuple[str, ...],
) -> None:
    from components.figures.visible import visible

    step = tree.nodes[node].step
    others = {each.token: each for each in step.candidates if each.token != step.chosen.token}
    pick, take = st.columns([3, 1], vertical_alignment="bottom")
    token = pick.selectbox(
        "Take another token instead",
        list(others),
        format_func=lambda each: f"{visible(others[each].text)}   {others[each].before:.2%}",
        key=f"instead-{node}",
    )
    if token is not None and take.button("Take it, and go on", key="take", width="stretch"):
        tree, branch = tree.grown(tree.nodes[node].parent, step.instead(token))
        _keep(choice, text, tree, branch)
        _write(choice, text, settings, new_tokens, stops)
        st.rerun()


def _save(tree: "Tree") -> None:
    nodes = [{"parent": each.parent, **asdict(each.step)} for each in tree.nodes]
    st.download_button(
        "All branches (JSON)",
        json.dumps(nodes),
        "branches.json",
        "application/json",
        on_click="ignore",
    )
