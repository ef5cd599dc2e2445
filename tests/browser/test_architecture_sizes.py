"""A reader makes a model wider, and reads what became of it."""

from playwright.sync_api import expect


def test_sizes_are_changed_and_what_cannot_be_is_told(app_url, page):
    page.goto(f"{app_url}/architecture?view=Sizes")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("0.839 times the parameters")).to_be_visible()
    width = main.get_by_label("Width", exact=True)
    width.fill("8192")
    width.press("Enter")
    # Attention and MLP lead from the width to as many numbers; the embedding is as wide.
    expect(main.get_by_text("2.21 times the parameters")).to_be_visible()
    heads = main.get_by_label("KV heads", exact=True)
    heads.fill("3")
    heads.press("Enter")
    expect(main.get_by_text("32 query heads cannot share 3 key-value heads evenly")).to_be_visible()
    heads.fill("1")
    heads.press("Enter")
    expect(main.get_by_text("0.25 times the cache a token")).to_be_visible()
