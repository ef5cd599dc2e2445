"""What a teacher does on the attribution page: ask, compare, start, stop, share the link."""

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import begun

KEYS = "The keys near the castle"


SHARED = {"prompt", "view", "layer", "lecture"}


def opened(page: Page, app_url: str, *folds: str, **address: str) -> None:
    """Open a view, and parts below it by their names in the address."""
    address = {"prompt": KEYS, "steps": "16"} | address
    named = {k if k in SHARED else f"attribution.{k}": v for k, v in address.items()}
    named |= {f"attribution-{fold}": "true" for fold in folds}
    page.goto(f"{app_url}/attribution?" + "&".join(f"{k}={quote(v)}" for k, v in named.items()))


def ticks(page: Page) -> list[str]:
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".xtick text").first).to_be_visible()
    return [label.text_content() or "" for label in chart.locator(".xtick text").all()]


def test_an_attribution_is_run_and_its_completeness_line_adds_up(page, app_url):
    opened(page, app_url, method="Shapley values")
    line = page.get_by_text("The scores sum to").first
    expect(line).to_be_visible()
    said = line.inner_text().replace("−", "-")
    total = float(re.search(r"sum to ([+-][\d.]+)", said)[1])
    start = float(re.search(r"place of the words ([+-]?[\d.]+\d)", said)[1])
    end = float(re.search(r"their logits differ by ([+-]?[\d.]+\d)", said)[1])
    assert abs(end - start - total) < 2e-3
    assert abs(total) > 0
    assert ticks(page) == ["baseline", "The", "keys", "near", "the", "castle", "delta", "text"]


def test_a_rather_than_b_by_words_and_the_link_reopens_it(page, app_url):
    opened(page, app_url, method="Feature ablation", unit="token")
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    assert ticks(page)[1:-2] == ["The", "·keys", "·near", "·the", "·castle"]
    page.get_by_role("button", name="Baseline and settings").first.click()
    page.get_by_role("radio", name="word", exact=True).click()
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".xtick text", has_text=re.compile("^castle$"))).to_be_visible()
    # It is what is chosen where a link says nothing.
    expect(page).not_to_have_url(re.compile("unit="))
    more = f"attribution.answer={quote('·are')}&attribution.contrast={quote('·is')}"
    page.goto(f"{page.url}&{more}")
    expect(page.get_by_text("their logits differ by")).to_be_visible()
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    assert ticks(page)[1:-2] == ["The", "keys", "near", "the", "castle"]


def test_the_coloured_text_can_be_walked_and_pointed_at(page, app_url):
    opened(page, app_url, "scores-the_text_coloured_by_score", method="Feature ablation")
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
    opened(page, app_url, view="Faithfulness", orders="4", with_attention="true")
    # Until there is a guess, the figure holds what does not give the answer away.
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".legendtext", has_text="random orders")).to_be_visible()
    expect(chart.locator(".legendtext", has_text="Attention rollout")).to_have_count(0)
    expect(page.get_by_text("falls fastest: deletion AUC")).to_have_count(0)
    aside = page.locator(".st-key-guess-attribution-faithfulness")
    aside.get_by_text("Saliency", exact=True).click()
    expect(page.get_by_text("falls fastest: deletion AUC")).to_be_visible()
    page.get_by_role("button", name=re.compile("checks hold")).click()
    expect(page.get_by_text(re.compile(r"All curves begin .* at the target"))).to_be_visible()
    page.keyboard.press("Escape")
    chart = page.get_by_test_id("stPlotlyChart").first
    expect(chart.locator(".legendtext", has_text="Attention rollout")).to_be_visible()
    expect(chart.locator(".legendtext", has_text="random orders")).to_be_visible()


def test_expensive_work_is_started_seen_and_stopped(page, app_url):
    """A long prompt and many orders: minutes of work, if nobody stopped it."""
    story = "Once upon a time there was a little fox named Leo. " * 12
    opened(page, app_url, prompt=story, method="Shapley values", orders="800")
    expect(page.get_by_text("Not started yet.")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    # Streamlit has a button of this name of its own, in the header.
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_on_a_phone_start_is_in_its_frame_and_above_what_it_costs(browser, app_url):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    story = "Once upon a time there was a little fox named Leo. " * 12
    opened(page, app_url, prompt=story, method="Shapley values", orders="800")
    start = page.get_by_role("button", name="Start")
    expect(start).to_be_visible()
    button = start.bounding_box()
    cost = page.get_by_text("Not started yet.").bounding_box()
    frame = page.locator("[class*=st-key-lit-attribution]").first.bounding_box()
    assert frame["y"] <= button["y"]
    assert button["y"] + button["height"] <= cost["y"]
    assert cost["y"] + cost["height"] <= frame["y"] + frame["height"]
    context.close()


def test_what_is_done_has_no_stop_button(page, app_url):
    opened(page, app_url, bound="5%")
    page.get_by_text("More steps until it adds up").click()
    main = page.get_by_test_id("stMain")
    start = main.get_by_role("button", name="Start", exact=True)
    done = page.get_by_text(re.compile(r"steps the delta is"))
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
    opened(page, app_url, prompt=prompt, method="Shapley values", orders="8")
    expect(page.get_by_text(re.compile(r"From 8 random orders"))).to_be_visible()
    chart = page.get_by_test_id("stPlotlyChart").first
    # One path for each of ten words.
    expect(chart.locator(".errorbar path.yerror")).to_have_count(10)
    page.get_by_role("button", name="Add 8 orders").click()
    expect(page.get_by_text(re.compile(r"From 16 random orders"))).to_be_visible()


def test_a_phrase_is_explained_row_by_row(page, app_url):
    opened(page, app_url, view="Sequence", sequence="are old")
    expect(page.get_by_text("From a text of")).to_be_visible()
    chart = page.get_by_test_id("stPlotlyChart").first
    rows = chart.locator(".ytick text")
    expect(rows.first).to_have_text("·are")
    assert ticks(page) == ["The", "·keys", "·near", "·the", "·castle"]


def test_the_page_opens_on_a_contrast_and_its_first_screen_holds_figure_words_and_links(
    page, app_url
):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{app_url}/attribution")
    told = page.get_by_text("their logits differ by").first
    begun(page, told)
    expect(told).to_contain_text("·Mary")
    links = page.get_by_role("button", name="How to read it").first
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    box = links.bounding_box()
    assert box["y"] + box["height"] < 860
    assert page.get_by_test_id("stPlotlyChart").first.bounding_box()["height"] >= 350


def test_an_example_is_taken_and_a_token_is_typed(page, app_url):
    opened(page, app_url, prompt="Once upon a time")
    expect(page.get_by_text("The scores sum to").first).to_be_visible()
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="The keys ... are, not is").click()
    expect(page.get_by_text("their logits differ by").first).to_contain_text("·are")
    expect(page).to_have_url(re.compile("attribution.answer="))
    box = page.get_by_role("combobox", name=re.compile("Contrast token")).first
    box.click()
    box.fill("·was")
    page.keyboard.press("Enter")
    expect(page.get_by_text("their logits differ by").first).to_contain_text("·was")


def test_an_attribution_over_a_second_shows_how_far_it_is_and_is_stopped_by_another_choice(
    page, app_url
):
    """Not only the Stop button ends it: whatever is chosen meanwhile does."""
    story = "Once upon a time there was a little fox named Leo. " * 12
    opened(page, app_url, prompt=story, method="Shapley values", orders="800")
    page.get_by_role("button", name="Start").click()
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(page.get_by_text(re.compile(r"Shapley values: \d+%"))).to_be_visible()
    page.get_by_role("button", name="Baseline and settings").first.click()
    page.get_by_role("radio", name="mean", exact=True).click()
    expect(page.get_by_text("Not started yet.")).to_be_visible()
    expect(bar).to_have_count(0)
