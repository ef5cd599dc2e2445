"""The ledger in Chromium: a treemap that is drilled into, and a model that is not loaded."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_a_treemap_is_opened_and_a_published_model_chosen(app_url, page):
    page.goto(f"{app_url}/architecture?view=Ledger")
    main = page.get_by_test_id("stMain")
    labels = main.locator(".js-plotly-plot .slice text")
    expect(labels.filter(has_text="embed_tokens")).to_be_visible()
    expect(labels.filter(has_text="mlp")).to_have_count(0)  # it would tell the answer
    main.get_by_role("radio", name="MLP", exact=True).click()
    expect(main.get_by_text("✓ Right: MLP.")).to_be_visible()
    expect(main.get_by_text("3,213,568")).to_be_visible()
    labels.filter(has_text="self_attn").click(force=True)  # its ground lies above it
    expect(labels.filter(has_text="embed_tokens")).to_have_count(0)
    expect(labels.filter(has_text="q_proj")).to_be_visible()
    main.get_by_role("radio", name="from a configuration", exact=True).click()
    expect(main.get_by_text("3,821,079,552")).to_be_visible()
    main.get_by_role("combobox", name="Configuration").click()
    page.get_by_role("option", name="Mixtral-8x7B").click()
    expect(main.get_by_text("46,702,792,704")).to_be_visible()
    expect(labels.filter(has_text="experts")).to_be_visible()
    expect(main.get_by_role("button", name="✓ 4 checks hold")).to_be_visible()
