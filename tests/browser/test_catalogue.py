"""What holds for every page of the site (FEATURES J17, J18; SURVIVE S7)."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Page as BrowserPage

from tests.browser.catalogue import EVERYBODY, NO_PAGES, PAGES, Page
from tests.browser.conftest import OpenBrowser
from tests.browser.viewers import look_as, sessions_of
from tests.browser.world import furnish, seed
from tests.pages import client_of

MOST_QUERIES = 12
SERIOUS = {"serious", "critical"}
# What these lead to is tested where it is made.
ELSEWHERE = ("v1/", "molted/", "admin/")


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """Of every address outside the APIs and the admin."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or str(pattern.pattern)
        elif not str(pattern.pattern).startswith(ELSEWHERE):
            yield from names(pattern.url_patterns)


@pytest.mark.django_db
def test_every_page_is_in_the_catalogue():
    world = seed()
    shown = {resolve(page.address(world).partition("?")[0]).url_name for page in PAGES if page.status == 200}
    known = set(names(get_resolver().url_patterns))
    missing = sorted(known - shown - set(NO_PAGES))
    assert not missing, f"give each a row in PAGES of catalogue.py: {missing}"
    assert (shown & set(NO_PAGES), set(NO_PAGES) - known) == (set(), set()), "a page after all, or gone"


def queries_of(world: SimpleNamespace, members: dict[str, Client], page: Page) -> int:
    """Of the page when it is opened once more, so that what is noted once a minute is noted."""
    client = members.get(page.who) or Client()
    client.get(page.address(world), follow=True)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(page.address(world), follow=True)
    assert answer.status_code == page.status, f"{page} answers {answer.status_code}"
    return len(queries)


@pytest.mark.django_db
def test_every_page_asks_the_database_little_however_much_there_is():
    """At most 12 queries, and the same number for one row as for three."""
    world = seed()
    members = {who: client_of(getattr(world, who)) for who in EVERYBODY if who}
    before = {page: queries_of(world, members, page) for page in PAGES}
    for _ in range(2):
        furnish(world)
    findings = []
    for page, one in before.items():
        three = queries_of(world, members, page)
        findings += [f"{page}: {three} queries"] * (three > MOST_QUERIES)
        findings += [f"{page}: {one} queries for one, {three} for three"] * (one != three)
    assert not findings, "\n".join(findings)


@pytest.mark.django_db(transaction=True)
def test_everybody_can_use_every_page(open_browser: OpenBrowser, site: str) -> None:
    """In both themes at 320 and 1280 px: no serious finding of axe (WCAG 2.2 AA), nothing runs out of the screen, and
    as `open_browser` sees to, no complaint on the console and no request to another host."""
    world = seed()
    sessions = sessions_of(world, EVERYBODY)
    findings = []
    with open_browser(reduced_motion="reduce") as browser:
        for who in EVERYBODY:
            look_as(browser, site, sessions.get(who))
            for page in PAGES:
                if page.who == who and page.status == 200:
                    answer = browser.goto(page.address(world))
                    findings += [f"{page}: {finding}" for finding in look(browser)]
                    if answer is None or answer.status != page.status:
                        findings.append(f"{page}: answers {answer and answer.status}")
        assert not findings, "\n".join(findings)


def look(page: BrowserPage) -> Iterator[str]:
    """What is wrong with the page that is open. In the dark only colours are other than by day."""
    page.evaluate(AXE_SCRIPT)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if beyond > 0:
            yield f"{beyond} px too wide at {width}"
        for theme, rules in (("light", None), ("dark", ["color-contrast"])):
            page.emulate_media(color_scheme=theme)
            options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
            for found in page.evaluate("options => axe.run(options)", options)["violations"]:
                if found["impact"] in SERIOUS:
                    yield f"{found['id']} at {width} in {theme}: {found['nodes'][0]['html'][:200]}"
