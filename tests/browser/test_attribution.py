"""What a teacher does on the attribution page: ask, compare, start, stop, share the link."""

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

KEYS = "The keys near the castle"


def opened(page: Page, app_url: str, **address: str) -> None:
    address = {"prompt": KEYS, "steps": "16"} | address
    page.goto(f"{app_url}/attribution?" + "&".join(f"{k}={quote(v)}" for k, v in address.items()))


def ticks(page: Page) -> list[str]:
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".xtick text").first).to_be_visible()
    return [label.text_content() or "" for label in chart.locator(".xtick text").all()]


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(label)).first.click()
    page.get_by_role("option", name=option).click()


def test_an_attribution_is_run_and_its_completeness_line_adds_up(page, app_url):
    opened(page, app_url, method="Shapley values")
    line = page.get_by_text("The scores sum to").first
    expect(line).to_be_visible()
    said = line.inner_text().replace("−", "-")
    total = float(re.search(r"sum to ([+-][\d.]+)", said)[1])
    start = float(re.search(r"baseline \((-?[\d.]+)\)", said)[1])
    end = float(re.search(r"text \((-?[\d.]+)\)", said)[1])
    assert abs(end - start - total) < 1e-3
    assert abs(total) > 0
    assert ticks(page) == ["baseline", "The", "keys", "near", "the", "castle", "gap", "text"]


def test_a_rather_than_b_by_words_and_the_link_reopens_it(page, app_url):
    opened(page, app_url, method="Feature ablation", unit="token")
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    assert ticks(page)[1:-2] == ["The", "·keys", "·near", "·the", "·castle"]
    choose(page, "In pieces of", "word")
    expect(page.get_by_text("castle", exact=True).first).to_be_visible()
    # It is what is chosen where a link says nothing.
    expect(page).not_to_have_url(re.compile("unit="))
    page.goto(f"{page.url}&answer={quote('·are')}&other={quote('·is')}")
    expect(page.get_by_text("their logits differ by")).to_be_visible()
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    assert ticks(page)[1:-2] == ["The", "keys", "near", "the", "castle"]


def test_the_coloured_text_can_be_walked_and_pointed_at(page, app_url):
    opened(page, app_url, method="Feature ablation")
    # The run is over: nothing is drawn anew while the keyboard walks.
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    strip = page.get_by_role("listbox", name="The text, coloured by score")
    tokens = strip.get_by_role("option")
    tokens.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tokens.nth(1)).to_be_focused()
    expect(tokens.nth(1)).to_have_accessible_name(re.compile(r"The, [+−-]\d+\.\d+"))
    tokens.nth(2).hover()
    expect(page.get_by_text(re.compile(r"[+-]\d+\.\d+ logits"))).to_be_visible()


def test_deletion_curves_are_drawn_and_checked(page, app_url):
    opened(page, app_url, view="Does it hold?", samples="4", with_attention="true")
    expect(page.get_by_text(re.compile(r"All curves begin .* at the target"))).to_be_visible()
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".legendtext", has_text="Attention rollout")).to_be_visible()
    expect(chart.locator(".legendtext", has_text="random orders")).to_be_visible()


def test_dear_work_is_started_seen_and_stopped(page, app_url):
    """A long prompt and many orders: minutes of work, if nobody stopped it."""
    story = "Once upon a time there was a little fox named Leo. " * 12
    opened(page, app_url, prompt=story, method="Shapley values", samples="800")
    expect(page.get_by_text("Not started yet.")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    # Streamlit has a button of this name of its own, in the header.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_what_is_done_has_no_stop_button(page, app_url):
    opened(page, app_url, bound="5%")
    page.get_by_text("Take more steps until it adds up").click()
    main = page.get_by_test_id("stMain")
    start = main.get_by_role("button", name="Start", exact=True)
    done = page.get_by_text(re.compile(r"steps the gap is"))
    # On a busy machine it waits to be started.
    expect(start.or_(done).first).to_be_visible()
    if start.is_visible():
        start.click()
    expect(done).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(main.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_drawn_shapley_values_show_their_error_and_orders_can_be_added(page, app_url):
    prompt = "one, two, three, four, five,"
    opened(page, app_url, prompt=prompt, method="Shapley values", samples="8")
    expect(page.get_by_text(re.compile(r"From 8 random orders"))).to_be_visible()
    chart = page.get_by_test_id("stPlotlyChart").first
    # One path for each of ten words.
    expect(chart.locator(".errorbar path.yerror")).to_have_count(10)
    page.get_by_role("button", name="Add 8 orders").click()
    expect(page.get_by_text(re.compile(r"From 16 random orders"))).to_be_visible()


def test_a_phrase_is_explained_row_by_row(page, app_url):
    opened(page, app_url, view="A phrase", phrase="are old")
    expect(page.get_by_text("From a text of")).to_be_visible()
    chart = page.get_by_test_id("stPlotlyChart").first
    rows = chart.locator(".ytick text")
    expect(rows.first).to_have_text("·are")
    assert ticks(page) == ["The", "·keys", "·near", "·the", "·castle"]
