"""A chat template is a program: however long it would run, it is ended, and nobody else waits."""

import threading
import time

import pytest

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import render, template
from components.inspection.tokenizer.template import ChatMessage, render_chat

HI = (ChatMessage("user", "Hi"),)
LOOP = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
LARGE = (
    "{{ 'x' * 300000000 }}",
    "{{ [0] * 10**9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'x' | center(10**10) }}",
    "{{ range(100000) | list | join('x' * 100000) }}",
    "{% set k = namespace(x='x') %}{% for i in range(40) %}{% set k.x = k.x ~ k.x %}{% endfor %}",
)


def refusal(source: str) -> str:
    with pytest.raises(InspectionError, match="does not take this conversation") as said:
        render_chat(source, HI, True, {})
    return str(said.value)


def test_where_no_processor_time_can_be_bounded_the_clock_ends_it(monkeypatch, tmp_path):
    """As on Windows: nothing is bounded in the process itself."""
    unbounded = tmp_path / "render.py"
    unbounded.write_text("while True: pass")
    monkeypatch.setattr(render, "__file__", str(unbounded))
    monkeypatch.setattr(template, "PATIENCE", 1.0)
    assert "it takes more than" in refusal("{{ 1 }}")


@pytest.mark.parametrize("source", LARGE)
def test_what_takes_too_much_memory_is_given_up(source):
    assert "it takes more than 512 MB of memory" in refusal(source)


@pytest.mark.parametrize(
    "source", ["{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ " + "(" * 5000 + " }}"]
)
def test_what_calls_itself_is_given_up(source):
    assert "calls itself without end, or is nested too deep" in refusal(source)


def test_as_much_is_written_as_the_conversation_wants():
    own = "{{ 'x' * COUNT }}{% for m in messages %}{{ m.content }}{% endfor %}"
    most = template.LONGEST_FRAME + template.MOST_REPEATED * len("Hi")
    assert len(render_chat(own.replace("COUNT", str(most - 2)), HI, True, {})) == most
    longer = own.replace("COUNT", str(most - 1))
    assert f"it writes more than {most:,} characters" in refusal(longer)


@pytest.mark.slow
def test_what_runs_without_end_is_ended_and_others_go_on_meanwhile():
    ended: list[str] = []
    waiting = threading.Thread(target=lambda: ended.append(refusal(LOOP)))
    waiting.start()
    turns = 0
    while waiting.is_alive():
        time.sleep(0.01)
        turns += 1
    assert f"it takes more than {render.MOST_SECONDS} seconds" in ended[0]
    assert turns > 20


@pytest.mark.parametrize(
    "source",
    [
        "{% set kept = namespace(_x=1) %}",
        "{% set kept = namespace() %}{% set kept._x = 1 %}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ dict.__call__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
    ],
)
def test_there_is_no_way_out(source):
    refusal(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% set k = namespace(self=1, n=0) %}{% set k.n = k.n + 2 %}{{ k.n, k.self }}",
        "{{ dict(a=1) | tojson }}{{ dict([('b', 2)]).b }}",
        "{% for m in messages %}{% if true %}{% continue %}{% endif %}{{ m.role }}{% endfor %}",
        "{{ messages | map(attribute='role') | join(', ') }}{{ undefined_name }}",
        "{{ messages[0]['content'] | trim | upper }} é 😀",
    ],
)
def test_what_transformers_renders_is_rendered_so(source):
    from transformers.utils.chat_template_utils import render_jinja_template

    turns = [{"role": each.role, "content": each.content} for each in HI]
    (theirs,), _ = render_jinja_template(conversations=[turns], chat_template=source)
    assert render_chat(source, HI, False, {}) == theirs
