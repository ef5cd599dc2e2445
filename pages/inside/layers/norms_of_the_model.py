"""A kind of Norms: what goes into a norm of the loaded model, and what comes out."""

from components.figures.layers.norms import norm_bars, norm_table
from components.figures.visible import visible
from components.inspection.layers.norms_met import LAST
from components.inspection.layers.norms_of_model import GIANT, NormAt, layer_norms, rms
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.inside.layers import norms_code
from pages.inside.layers.norms_asked import block_asked

KINDS = {"rms": "an **RMSNorm**", "layer": "a **LayerNorm**"}
SAME, OTHER = "the same number", "another number"


def show(ask: Ask) -> Shown:
    read, stack, layer = block_asked(ask)
    place = ask.token("Token", "token", read.tokens[stack], 0)
    found = ask.inspect(layer_norms, ask.prompt, stack, layer, place)
    names = [norm.where for norm in found.norms]
    norm = found.norms[names.index(ask.choice_of("Norm", "norm", names, says=spoken))]
    one, token = norm.one, coded(visible(found.tokens[place]))
    return Shown(
        norm_bars(norm),
        alt=f"Three rows of bars: some numbers that go into the norm {norm.where}, divided, and as "
        f"they come out; the root mean square goes from {rms(norm.given):.3g} to "
        f"{rms(norm.gives):.3g}.",
        told=f"The norm {norm.where} is {KINDS[one.kind]}, as measured. At {token} the root "
        f"mean square goes from **{rms(norm.given):.3g}** to **{rms(norm.gives):.3g}**, the mean "
        f"from {norm.given.mean():.2g} to {norm.gives.mean():.2g}; gains from "
        f"{one.gain.min():.2g} to {one.gain.max():.2g}. {giants(norm)}",
        checks=(one.check,),
        table=lambda: norm_table(norm),
        code=norms_code.of_the_model(ask.choice, ask.prompt, found, norm),
        read="Top: the largest numbers of the token's vector as it goes in; the table has all. "
        "Middle: divided by one number for the whole vector. Bottom: each multiplied by a learned "
        "gain of its own (in LayerNorm a learned shift may be added): this is what is read or "
        "added next. The three rows have scales of their own.",
        formula=r"\text{out} = g \cdot \frac{x}{\sqrt{\operatorname{mean}(x^2) + \varepsilon}}"
        if one.kind == "rms"
        else r"\text{out} = g \cdot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + b",
        symbols=f"x is the vector of {len(norm.given)} numbers; here it is divided by "
        f"{one.scale[0]:.4g}. g is the gain"
        + (", stored as g − 1" if norm.plus_one else "")
        + f"; ε = {one.epsilon:g}"
        + (f"; μ = {one.mean[0]:.4g}; b is the shift." if one.kind == "layer" else "."),
        predict=question(norm),
        tries="Go up through the layers at the first token, then at a later one. Where do giant "
        "numbers appear, and what gain does the norm give them?",
        facts={"norm": norm.path, "class": norm.module, "where": norm.where, "layer": layer},
    )


def spoken(where: str) -> str:
    """Return the name of a norm on its button."""
    return "last" if where == LAST else where


def giants(norm: NormAt) -> str:
    """Say which numbers stand far out before the norm."""
    if not norm.giants:
        return f"No number that goes in is more than {GIANT:g} times the root mean square."
    first = norm.giants[0]
    share = float((norm.given[list(norm.giants)] ** 2).sum() / (norm.given**2).sum())
    middle = float(sorted(abs(norm.one.gain))[len(norm.given) // 2])
    return (
        f"Giant numbers going in (over {GIANT:g} times the root mean square): "
        f"**{len(norm.giants)}** of {len(norm.given)}, {share:.0%} of the squared length. The "
        f"largest, number {first}, is {norm.given[first]:,.1f} and comes out as "
        f"**{norm.gives[first]:.3g}**; its gain is {norm.one.gain[first]:.2g}, the median "
        f"{middle:.2g}."
    )


def question(norm: NormAt) -> Predict:
    """Ask whether the largest number stays the largest."""
    before, after = (int(abs(each).argmax()) for each in (norm.given, norm.gives))
    return Predict(
        "One number of the vector that goes in is the largest. Which is the largest coming out?",
        (SAME, OTHER),
        SAME if before == after else OTHER,
        f"Number {before} is the largest going in, number {after} coming out. Dividing keeps the "
        f"order of sizes{'' if norm.one.kind == 'rms' else ' but for the mean'}; the gains may "
        f"change it. That of number {before} is {norm.one.gain[before]:.3g}"
        + ("." if before == after else f", that of number {after} is {norm.one.gain[after]:.3g}."),
        before=norm_bars(norm, known=False),
    )


NORMS_OF_THE_MODEL = View(
    "What one norm of this model does to one token's vector: the numbers that go in, the same "
    "divided, and what comes out.",
    show,
)
