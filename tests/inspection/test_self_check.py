"""Every premise and check, over all tiny families in three formats, and the command that runs it.

A table that is green because nothing was compared would prove nothing: which rows a kind of model
cannot have is stated here, and so is each check that is known to be red, with the reason.
"""

import logging
import re

import pytest

from components.inspection import check as command
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.premises import NAMES
from components.inspection.self_check import ALONE, PREMISES, Row, SelfCheck, self_check
from components.inspection.self_check.inspections import INSPECTIONS, Inspection, checks_of
from tests import tiny

DTYPES = ("float32", "bfloat16", "float16")
STATIC = "kinds that keep everything give the dynamic cache's logits"
EXPERTS = "the scores sum to the change from baseline to text"
KNOWN = {
    # Experts are switched on and off on the way from baseline to text: the target jumps, and no
    # number of steps sums it up.
    ("mixtral", EXPERTS),
    ("qwen3_moe", EXPERTS),
    # In transformers 5.23 its static cache computes something else than its dynamic one: the mask
    # of a window is cut at the cache's whole room.
    ("gpt_neo", STATIC),
}
"""What is red, and rightly so: (family, how the check's words begin)."""

ROTATION = {"Frequencies", "Rotation", "Rotation of the whole"}
SQUARE = {"Packing"}
MASKED = {"Order"}
"""What wants the causal mask to be taken off."""
LACKS: dict[str, set[str]] = {
    "rotates": {"Tables", "ALiBi", "Buckets"},
    "adds": ROTATION | {"rotation", "ALiBi", "Buckets"},
    "distances": ROTATION
    | SQUARE
    | MASKED
    | {"rotation", "own mask", "positions", "Shift invariance", "Tables", "Buckets"},
}
"""What cannot be seen of a decoder that tells order in this way."""
FITTED = {"Three lenses"}
"""What was made for the bundled model alone."""
SIDE_BY_SIDE, WALK, ROOT = {"Residual connections switched off"}, {"Norm and mask"}, {"Which root?"}
BUILT: dict[str, set[str]] = {
    "qwen3": WALK,  # norms its queries
    "phi": SIDE_BY_SIDE,
    "gptj": SIDE_BY_SIDE,
    "gpt_neox": SIDE_BY_SIDE,
    "falcon": SIDE_BY_SIDE,
    "olmo2": WALK | {"MLP neurons"},  # norms what its parts write
    "opt": ROOT,  # divides its queries beforehand
    "bloom": WALK | ROOT,  # adds to its scores for the distance
}
"""What cannot be seen of a family for how its blocks are built."""
ORDER = {
    "rotates": ("llama", "qwen2", "qwen3", "phi3", "phi", "gptj", "gpt_neox", "olmo2", "falcon"),
    "adds": ("gpt2", "opt"),
    "distances": ("bloom",),
}


@pytest.fixture(scope="module")
def checked():
    """Run the self-check of a tiny model once."""
    kept: dict[tuple[str, str], SelfCheck] = {}

    def check(family: str, dtype: str = "float32") -> SelfCheck:
        if (family, dtype) not in kept:
            *_, kept[family, dtype] = self_check(tiny.model(family, dtype))
        return kept[family, dtype]

    return check


def lacking(found: SelfCheck) -> set[str]:
    return {row.view for row in found.rows if row.verdict == "does not apply"}


COARSE = ("gpt2", "llama", "gemma2", "bloom", "mixtral", "bert", "t5")
"""Families of each kind of layout, checked whole in 16 bits too."""


@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        (family, dtype)
        for family in tiny.FAMILIES
        for dtype in DTYPES
        if dtype == "float32" or family in COARSE
    ],
)
def test_nothing_is_red_but_what_is_known_to_be(family, dtype, checked):
    found = checked(family, dtype)
    assert found.done == found.of == len(NAMES) + len(INSPECTIONS)
    known = tuple(says for of, says in KNOWN if of == family)
    red = [
        f"{row.view}: {row.says}: {row.numbers}"
        for row in found.rows
        if row.verdict == "fails" and not row.says.startswith(known)
    ]
    assert red == []
    # Of each question something is told, and most of it was compared.
    told = {(row.page, row.view) for row in found.rows}
    assert {(PREMISES, name) for name in NAMES} | {
        (one.page, one.view) for one in INSPECTIONS
    } == told
    assert found.count("holds") > 20
    for row in found.rows:
        assert row.says
        if row.verdict == "holds":
            assert row.error <= row.bound
        if row.verdict in ("fails", "not so"):
            assert row.meaning


@pytest.mark.parametrize(("family", "says"), sorted(KNOWN))
def test_what_is_known_to_be_red_is(family, says, checked):
    assert any(
        row.verdict == "fails" and row.says.startswith(says) and row.meaning
        for row in checked(family).rows
    )


@pytest.mark.parametrize(("way", "family"), [(w, f) for w, all_ in ORDER.items() for f in all_])
def test_what_a_decoder_lacks_depends_on_how_it_tells_order(way, family, checked):
    found = checked(family)
    assert lacking(found) == LACKS[way] | FITTED | BUILT.get(family, set())
    assert found.count("not so") == 0


def test_an_encoder_lacks_what_writes(checked):
    found = checked("bert")
    writing = {
        "While writing",
        "Sequence",
        "Beam search",
        "Strategies",
        "Perplexity",
        "Next token",
        "Another last token",
        "Logits",
        "Contents",
        "Memory planner",
        "Roofline",
        "Cache types",
        "Timing",
    }
    assert writing <= lacking(found)
    alone = {row.view for row in found.rows if row.says == ALONE}
    assert alone == {"Next token"}  # the plain pass itself, at the mask
    for row in found.rows:
        if row.view in writing - alone:
            assert row.page == "Attention" or "tiny-bert" in row.says


def test_it_tells_of_each_question_before_it_is_asked():
    """So that a reader who stops it keeps what was found, and sees what it is at."""
    seen = []
    for so_far in self_check(tiny.model("llama")):
        seen.append(so_far)
        if len(seen) == 4:
            break
    assert [one.done for one in seen] == [0, 1, 2, 3]
    assert [one.doing for one in seen] == [f"{PREMISES}: {name}" for name in NAMES[:4]]
    assert seen[0].rows == () and len(seen[3].rows) == 3


def test_of_many_checks_with_the_same_words_the_worst_is_told(monkeypatch):
    many = [Check("so", 0.0, 1.0), Check("so", 3.0, 2.0, "bad"), Check("other", 5.0)]
    table = (Inspection("Page", "View", lambda model, text: many),)
    monkeypatch.setattr("components.inspection.self_check.INSPECTIONS", table)
    *_, found = self_check(tiny.model("llama"))
    rows = [row for row in found.rows if row.page != PREMISES]
    assert rows == [
        Row("Page", "View", "so", "fails", 3.0, 2.0, "bad"),
        Row("Page", "View", "other", "reported", 5.0, None),
    ]


def test_checks_are_found_wherever_a_result_has_them():
    class Deep:
        checks = (Check("a", 0.0, 0.0),)

    class One:
        check = Check("b", 0.0, 0.0)

    found = checks_of((Deep(), [One(), Check("c", 0.0)], "no check", None))
    assert [check.says for check in found] == ["a", "b", "c"]


def test_a_refusal_is_a_row_and_a_fault_is_not_hidden(monkeypatch):
    def refuse(model, text):
        raise InspectionError("Not here.")

    def broken(model, text):
        raise ZeroDivisionError

    table = (Inspection("Page", "View", refuse),)
    monkeypatch.setattr("components.inspection.self_check.INSPECTIONS", table)
    *_, found = self_check(tiny.model("llama"))
    assert found.rows[-1] == Row("Page", "View", "Not here.", "does not apply")
    table = (Inspection("Page", "View", broken),)
    monkeypatch.setattr("components.inspection.self_check.INSPECTIONS", table)
    with pytest.raises(ZeroDivisionError):
        list(self_check(tiny.model("llama")))


@pytest.fixture
def folder(tmp_path):
    """A tiny Llama, saved."""
    tiny.network("llama").save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    return str(tmp_path)


@pytest.fixture(autouse=True)
def loud():
    """Let other tests' warnings be heard again."""
    log = logging.getLogger("components")
    level = log.level
    yield
    log.setLevel(level)


def test_the_command_prints_every_row_and_exits_with_0(folder, capsys):
    assert command.main([folder, "--dtype", "float32", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{folder}: llama, 0.0 million parameters, float32 on cpu\n")
    for page in (PREMISES, *(one.page for one in INSPECTIONS)):
        assert f"\n{page}\n" in out
    count, verdict = re.search(r"\n(\d+) (\w+), [^\n]*\n$", out).groups()
    assert verdict == "holds"
    assert out.count("  ✓ ") == int(count)


def test_the_command_exits_with_1_if_one_check_is_red(folder, capsys, monkeypatch):
    """A network whose mask nobody sees: its first token is given away."""
    from components.inspection.attention import record_checks

    true = record_checks.softmax
    monkeypatch.setattr(
        record_checks, "softmax", lambda scores, axis: true(scores[..., ::-1], axis=axis)
    )
    assert command.main([folder, "--dtype", "float32", "--device", "cpu"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"✗ weights +\d\S* of \S+ +the weights are the softmax of the scores\n +", out)
    assert re.search(r"\d+ holds, [1-9]\d* fails", out)


def test_the_command_exits_with_2_if_there_is_no_such_model(capsys):
    assert command.main(["/nowhere/at/all"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "/nowhere/at/all" in said.err


def test_the_command_wants_a_number_format_that_there_is(capsys):
    with pytest.raises(SystemExit):
        command.main(["storyteller", "--dtype", "int3"])
    assert "int3" in capsys.readouterr().err
