"""Every page of the built wheel, started in an empty folder of a reader's."""

import re

import pytest
from playwright.sync_api import expect

from components.widgets import chapters
from tests import tiny
from tests.browser.conftest import insist, running_app
from tests.wheels import bare

LESSONS = [chapters.HOME, *(one for chapter in chapters.CHAPTERS.values() for one in chapter)]


@pytest.fixture(scope="module")
def wheel_url(installed, tmp_path_factory):
    """The address of the app that the wheel's own command starts."""
    log = tmp_path_factory.mktemp("wheel-app") / "server.log"
    command = [str(installed.programs / "transformer-vitrine")]
    with running_app(log, command, installed.folder, bare()) as url:
        yield url
    assert "Traceback" not in log.read_text()


def opened(page) -> None:
    """Wait until the page stands, and see that nothing on it went wrong."""
    expect(page.get_by_test_id("stSidebar").get_by_text("million parameters")).to_be_visible()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    assert page.get_by_test_id("stException").all_text_contents() == []
    assert page.get_by_test_id("stAlertContentError").all_text_contents() == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.title)
def test_every_page_opens(lesson, page, wheel_url):
    page.goto(wheel_url)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=lesson.title).click()
    expect(page).to_have_title(f"{lesson.title} · Vitrine")
    opened(page)


def test_a_model_in_the_reader_s_own_folder_is_found_from_there(page, wheel_url, installed):
    tiny.network("bert").save_pretrained(installed.folder / "mine")
    tiny.tokenizer().save_pretrained(installed.folder / "mine")
    page.goto(f"{wheel_url}/?model=./mine&prompt=to+be")
    expect(page.get_by_text(re.compile("by mine. The likeliest masked token"))).to_be_visible()


def test_the_code_on_screen_names_the_bundled_tokenizer_where_it_is(page, wheel_url, installed):
    page.goto(f"{wheel_url}/tokenizer?tokenizer.name=gpt2")
    opened(page)
    place = installed.packages / "transformer_vitrine" / "assets" / "tokenizers" / "gpt2"
    code = page.get_by_text(f"'{place.as_posix()}'")
    insist(
        page.get_by_role("button", name="Code").click,
        lambda wait: expect(code).not_to_have_count(0, timeout=wait),
    )
