"""The frame of every page in a real browser: keys, toasts, the reader's time, what is fetched (FEATURES J17)."""

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Response, expect

from tests import factories
from tests.browser.conftest import OpenBrowser

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_LOAD = 100_000


@pytest.mark.parametrize("path", ["/", "/jobs/"])
def test_the_first_load_is_light(open_browser: OpenBrowser, site: str, path: str) -> None:
    """Less than 100 kB as a proxy would compress it, all of it from here, and nothing that waits for another host."""
    poster = factories.make_person("Paula")
    for number in range(3):
        factories.open_job(poster, title=f"Paint gate {number}")
    with open_browser() as page:
        responses: list[Response] = []
        fetched = {}
        page.on("response", lambda response: responses.append(response))
        page.goto(path, wait_until="networkidle")
        for response in responses:
            fetched[response.url.removeprefix(site)] = len(gzip.compress(response.body(), 6))

    assert len(fetched) >= 8, "the page, styles, scripts and pictures"
    assert sum(fetched.values()) < FIRST_LOAD, fetched


def test_keys_lead_through_the_site_and_can_be_turned_off(open_browser: OpenBrowser) -> None:
    """WCAG 2.1.4: a single key does nothing for those who do not want it, nor while one types."""
    poster = factories.make_person("Paula")
    for title in ("Paint the gate", "Mend the roof"):
        factories.open_job(poster, title=title)
    with open_browser() as page:
        page.goto("/")
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="Mend the roof")).to_be_focused()
        page.keyboard.press("j")
        expect(page.get_by_role("link", name="Paint the gate")).to_be_focused()
        page.keyboard.press("k")
        expect(page.get_by_role("link", name="Mend the roof")).to_be_focused()

        page.keyboard.press("g")
        page.keyboard.press("j")
        expect(page).to_have_url(re.compile(r"/jobs/$"))
        page.wait_for_load_state()
        page.keyboard.press("/")
        expect(page.locator("[data-search]")).to_be_focused()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_have_count(0)

        page.locator("main").focus()
        page.keyboard.press("?")
        sheet = page.get_by_role("dialog", name="Keyboard")
        expect(sheet).to_be_visible()
        sheet.get_by_label("Single keys do something here").uncheck()
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        page.keyboard.press("?")
        page.keyboard.press("g")
        page.keyboard.press("d")
        expect(sheet).to_be_hidden()
        expect(page).to_have_url(re.compile(r"/jobs/"))
        page.get_by_role("button", name="Keyboard").click()
        expect(sheet).to_be_visible()


def test_what_the_server_says_by_header_is_read_out(open_browser: OpenBrowser) -> None:
    """As htmx passes on `HX-Trigger: {"toast": "…"}`; markup in it stays text."""
    with open_browser() as page:
        page.goto("/")
        page.evaluate(
            "document.body.dispatchEvent(new CustomEvent('toast', {bubbles: true, detail: {value: '<b>Saved</b>'}}))"
        )
        expect(page.locator("[role=status].toasts")).to_contain_text("<b>Saved</b>")
        page.get_by_role("button", name="Close").click()
        expect(page.locator(".toast")).to_have_count(0)


def test_the_readers_zone_is_told_and_used_from_the_second_page_on(open_browser: OpenBrowser) -> None:
    job = factories.open_job(factories.make_person("Paula"))
    with open_browser(timezone_id="Asia/Tokyo") as page:
        page.goto("/")
        page.goto(f"/jobs/{job.pk}/")
        titles = page.locator("main time").evaluate_all("times => times.map(time => time.title)")
        cookies: list[dict[str, Any]] = page.context.cookies()

    assert titles and all(title.endswith("JST") for title in titles)
    assert next(cookie["value"] for cookie in cookies if cookie["name"] == "timezone") == "Asia/Tokyo"
