"""The tour's card in Node, over a few lines that stand for a browser's elements."""

import json
import re

import pytest

from components.inspection.machine.question import Question
from components.widgets.kit import script
from pages.inside.forward_pass.tour_words import STOPS, tour_part
from tests.widgets.test_kit import WIDGETS, run

QUESTIONS = tuple(
    Question(stop, f"Question {stop}?", ("one", "two"), "two", "It is two.")
    if stop != 4
    else Question(4, "", (), "", "There is nothing to ask.")
    for stop in range(1, 13)
)


PAGE = """
class Node {
  constructor(name) {
    Object.assign(this, { name, children: [], attributes: {}, hidden: false, own: "" });
  }
  append(...children) { for (const one of children) this.take(one); }
  replaceChildren(...children) { this.children = []; this.own = ""; this.append(...children); }
  take(one) {
    const node = typeof one === "string" ? Object.assign(new Node("#text"), { own: one }) : one;
    node.parent = this;
    this.children.push(node);
  }
  setAttribute(key, value) { this.attributes[key] = String(value); }
  removeAttribute(key) { delete this.attributes[key]; }
  getAttribute(key) { return this.attributes[key] ?? null; }
  get textContent() { return this.own + this.children.map((one) => one.textContent).join(""); }
  set textContent(text) { this.children = []; this.own = String(text); }
  set innerHTML(_) { throw new Error("markup"); }
  get firstChild() { return this.children[0]; }
  contains(node) { return node === this || this.children.some((one) => one.contains(node)); }
  getRootNode() { return document; }
  focus() { document.activeElement = this; }
  getBoundingClientRect() { return { left: 0, top: 0, width: 1 }; }
  all(test) {
    return [...(test(this) ? [this] : []), ...this.children.flatMap((one) => one.all(test))];
  }
}
globalThis.document = { activeElement: null, createElement: (name) => new Node(name) };
const stops = GIVEN;
const log = [];
const card = new TourCard({ go: (n) => log.push(`go ${n}`), close: () => log.push("close"),
  met: (n) => log.push(`met ${n}`) });
const of = (name) => card.node.all((one) => (one.attributes.class ?? "").split(" ").includes(name));
const text = (name) => of(name).map((one) => one.textContent).join("|");
const press = (node) => node.onclick();
"""


def carded(steps: str, shown: str, kinds: tuple[str, ...] = (), questions=QUESTIONS) -> object:
    program = script(WIDGETS / "machine" / "tour.js")
    stops = json.dumps(tour_part(questions, kinds)["stops"])
    page = PAGE.replace("GIVEN", stops)
    return json.loads(run(f"{program}\n{page}\n{steps}\nconsole.log(JSON.stringify({shown}))"))


def test_a_card_says_where_one_is_what_to_do_and_what_is_asked():
    shown = carded(
        "card.show(stops, 3);",
        '[text("tour-title"), text("tour-text"), text("tour-do"), text("tour-asks"),'
        ' text("tour-answer"), text("tour-verdict"), of("tour-dot").length, card.node.attributes]',
    )
    title, words, do, asks, answers, verdict, dots, node = shown
    assert title == "3 of 12 · The residual stream"
    assert words == STOPS[2].text
    assert do == f"○{STOPS[2].do}"
    assert (asks, answers, verdict, dots) == ("Question 3?", "one|two", "", 12)
    assert node["role"] == "region" and node["aria-label"] == "Tour, stop 3 of 12"


def test_a_stop_is_done_when_the_reader_did_it_and_no_other_way():
    steps = """card.show(stops, 4);
    const told = [card.meet("push"), card.meet("open"), card.meet("open")];"""
    shown = carded(
        steps, '[told, log, text("tour-do")[0], of("tour-dot").map((d) => d.attributes)]'
    )
    told, log, sign, dots = shown
    assert told == [False, True, False]
    assert log == ["met 4"] and sign == "✓"
    assert [dot["aria-label"].endswith(", done") for dot in dots] == [n == 3 for n in range(12)]
    assert [dot["class"] for dot in dots][3:5] == ["tour-dot met here", "tour-dot"]
    assert [dot.get("aria-current") for dot in dots] == [None] * 3 + ["step"] + [None] * 8


def test_what_was_done_stays_done():
    steps = """card.show(stops, 4); card.meet("open"); card.show(stops, 5, [1]);
    card.show(stops, 4);
    const met = of("tour-dot").filter((d) => d.attributes.class.includes("met")).length;"""
    assert carded(steps, '[met, text("tour-do")[0]]') == [2, "✓"]


@pytest.mark.parametrize(
    ("pressed", "verdict", "classes"),
    [
        (1, "Right. It is two.", ["push tour-answer", "push tour-answer right"]),
        (0, "Not so: two. It is two.", ["push tour-answer wrong", "push tour-answer right"]),
    ],
)
def test_an_answer_is_judged_with_its_reason(pressed, verdict, classes):
    steps = f"card.show(stops, 3); press(of('tour-answer')[{pressed}]);"
    shown = carded(
        steps,
        '[text("tour-verdict"), of("tour-answer").map((b) => b.attributes), text("tour-answer"),'
        " of('tour-verdict')[0].attributes['aria-live']]",
    )
    assert shown[0] == verdict
    assert [one["class"] for one in shown[1]] == classes
    assert [one["aria-pressed"] for one in shown[1]] == [str(n == pressed).lower() for n in (0, 1)]
    assert shown[2] == ("one|✓ two" if pressed else "✗ one|✓ two")
    assert shown[3] == "polite"


def test_an_answer_is_kept_until_there_are_other_questions():
    steps = """card.show(stops, 3); press(of("tour-answer")[1]);
    card.show(stops, 4); const away = text("tour-verdict");
    card.show(stops, 3); const back = text("tour-verdict");
    card.show(stops.map((stop) => ({ ...stop, right: "one" })), 3);
    const other = text("tour-verdict");"""
    assert carded(steps, "[away, back, other]") == [
        "There is nothing to ask.",
        "Right. It is two.",
        "",
    ]


def test_nothing_holds_a_reader_up():
    steps = """card.show(stops, 1); press(card.back); press(card.next);
    const first = card.back.attributes["aria-disabled"];
    card.show(stops, 2); press(card.back); press(of("tour-dot")[8]);
    card.show(stops, 12); const word = card.next.textContent; press(card.next);
    press(of("tour-close")[0]);"""
    shown = carded(steps, "[log, first, word, card.back.attributes['aria-disabled']]")
    assert shown == [["go 2", "go 1", "go 9", "close", "close"], "true", "Finish", "false"]


def test_a_stop_that_waits_for_an_answer_is_done_by_one():
    steps = 'card.show(stops, 12); press(of("tour-answer")[0]);'
    assert carded(steps, "log", ("no writing",)) == ["met 12"]
    assert carded(steps, "log") == []


def test_where_nothing_can_be_done_or_asked_it_is_enough_to_read():
    silent = (*QUESTIONS[:11], Question(12, "", (), "", "There is no room."))
    shown = carded(
        "card.show(stops, 12);",
        '[log, of("tour-do")[0].hidden, card.answers.hidden, text("tour-verdict")]',
        ("no writing",),
        silent,
    )
    assert shown == [["met 12"], True, True, "There is no room."]


def test_the_focus_is_not_lost_with_the_answers():
    steps = """card.show(stops, 3); of("tour-answer")[0].focus(); card.show(stops, 5);
    const answers = document.activeElement === card.next;
    card.back.focus(); card.show(stops, 1);"""
    assert carded(steps, "[answers, document.activeElement === card.back]") == [True, True]


def test_keys_that_press_its_buttons_do_not_reach_the_drawing():
    steps = """card.show(stops, 3); const stopped = {};
    for (const key of ["Enter", " ", "ArrowRight", "w"]) {
      card.node.onkeydown({ key, stopPropagation: () => { stopped[key] = true; } });
    }
    let walked = 0;
    card.dots.onkeydown({ key: "ArrowRight", target: of("tour-dot")[2], preventDefault() {},
      stopPropagation() { walked += 1; } });"""
    shown = carded(
        steps, "[Object.keys(stopped), walked, document.activeElement === of('tour-dot')[3]]"
    )
    assert shown == [["Enter", " "], 1, True]


def test_a_number_beyond_the_tour_is_its_end_and_no_stops_are_no_tour():
    steps = "card.show([], 1); const none = text('tour-title'); card.show(stops, 99);"
    assert carded(steps, '[none, text("tour-title")]') == ["", "12 of 12 · One more token"]


def test_a_card_that_is_put_away_does_not_wait():
    steps = "card.show(stops, 1); card.node.hidden = true; const met = card.meet('token');"
    assert carded(steps, "[met, log]") == [False, []]


def test_bars_may_be_pointed_at_or_answered_about():
    point = "card.show(stops, 11); card.meet('answers');"
    answer = "card.show(stops, 11); press(of('tour-answer')[1]);"
    assert carded(point, "log") == carded(answer, "log") == ["met 11"]


def test_text_is_text():
    wild = (Question(1, "<b>?", ("<i>", "&"), "&", "<script>"), *QUESTIONS[1:])
    steps = "card.show(stops, 1); press(of('tour-answer')[1]);"
    assert carded(steps, '[text("tour-asks"), text("tour-verdict")]', (), wild) == [
        "<b>?",
        "Right. <script>",
    ]


def test_the_style_takes_its_colours_from_the_kit_and_the_page():
    css = (WIDGETS / "machine" / "machine.css").read_text(encoding="utf-8")
    css = "".join(re.findall(r"^\.machine \.tour.*?\}", css, re.DOTALL | re.MULTILINE))
    kit = (WIDGETS / "kit" / "kit.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl", css)
    used = set(re.findall(r"var\((--[\w-]+)", css))
    own = {name for name in used if not name.startswith("--st-")}
    assert own and all(f"{name}:" in kit for name in own)
    drawn = (WIDGETS / "machine" / "tour.js").read_text(encoding="utf-8")
    for name in set(re.findall(r"\.(tour-[a-z]+)", css)):
        assert name in drawn
