"""What a teacher does: asks why John rather than Mary, and then why that head looks at John."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE

DRINK = "When%20Mary%20and%20John%20went%20to%20the%20shop%2C%20Mary%20gave%20a%20drink%20to"


def test_john_rather_than_mary_and_why_the_head_looks_there(page, app_url):
    page.goto(f"{app_url}/layers?view=Direct%20attribution&prompt={DRINK}"
              "&layers.answer=%C2%B7John&layers.contrast=%C2%B7Mary")  # fmt: skip
    expect(page.locator(".js-plotly-plot")).to_be_visible(timeout=3 * PATIENCE)
    expect(page.get_by_role("button", name="✓ 2 checks hold")).to_be_visible()
    page.get_by_role("button", name="Show it without a guess").click()
    expect(page.get_by_text("Largest terms: the MLP of layer 3 (+6.45)")).to_be_visible()
    expect(page.locator(".js-plotly-plot").get_by_text("L2 H1")).to_be_visible()
    page.get_by_text("Map", exact=True).click()
    expect(page).to_have_url(re.compile("layers.terms=Map"))
    expect(page.locator(".js-plotly-plot").get_by_text("4.35")).to_be_visible()
    page.get_by_text("Score by parts", exact=True).click()
    page.get_by_role("button", name="Show it without a guess").click()
    expect(page.get_by_text("the score of “·to” for “·John” is")).to_be_visible()
    expect(page.locator(".js-plotly-plot").get_by_text("L1 MLP +13.04")).to_be_visible()


def test_a_neuron_is_looked_at(page, app_url):
    page.goto(f"{app_url}/layers?view=Direct%20attribution&prompt={DRINK}"
              "&layers-direct_attribution-mlp_neurons=true")  # fmt: skip
    fold = page.get_by_test_id("stExpander").filter(has_text="MLP neurons")
    expect(fold.get_by_text("hold 90% of that, by size")).to_be_visible(timeout=3 * PATIENCE)
    fold.get_by_role("combobox", name="Show").click()
    page.get_by_role("option").nth(1).click()
    expect(fold.locator(".js-plotly-plot").get_by_text("less the mean of all")).to_be_visible()
