"""View: greedy decoding, beam search and sampling, from one prompt."""

from dataclasses import asdict

from components.figures.beam import beam_tree
from components.figures.sampling_tables import nodes_table
from components.inspection.sampling.beam import Beam
from components.inspection.sampling.compare import check_with_generate
from components.lesson import Ask, Shown, View
from components.widgets.apparatus import told as answered
from pages.output.sampling import code
from pages.output.sampling.compare_words import agreement, asked, told, verdict, ways
from pages.output.sampling.finished_beams import FINISHED


def show(ask: Ask) -> Shown:
    found, new_tokens, beams, penalty = asked(ask, question=True)
    hint = "Runs `generate` with as many beams, and compares."
    own = ask.toggle("transformers' own beam search too", "own", hint=hint)
    checks, more = found.checks, ""
    if own:
        ours: Beam = found.search.beams[0]
        theirs, check = ask.inspect(
            check_with_generate, ask.prompt, ours, beams, new_tokens, penalty
        )
        checks = (*checks, check)
        more = agreement(ours, theirs, check)
    return Shown(
        beam_tree(found.search),
        alt=f"The {len(found.search.nodes)} continuations that beam search weighed, as a tree.",
        told=told(found, answered(ask.key)) + more,
        checks=checks,
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: nodes_table(found.search),
        code=code.beam_code(ask.choice, ask.facts, ask.prompt, beams, new_tokens, penalty),
        read="From left to right one token more; in each column the likeliest text so far is on "
        "top. Filled: kept as a beam. Hollow: dropped. Square: finished. Orange: the winner. "
        "Point at a node for its token and ln p.",
        predict=verdict(found),
        tries="One beam: is it greedy decoding? Temperature 0 for sampling: is it greedy too? And "
        "the first of the examples: 8 beams and 40 tokens.",
        facts={"texts": [asdict(way) for way in ways(found)]},
    )


VIEW = View(
    "Take the likeliest token each time (greedy decoding), keep a few **beams** of the likeliest "
    "texts, or draw: three ways to write on from the same prompt.",
    show,
    further={"The finished beams": FINISHED},
    wide=True,
)
