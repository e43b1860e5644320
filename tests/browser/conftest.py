"""A real browser on the live site, strict about what a visitor would never notice."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What the console says of a page that was asked for something it does not take.
REFUSED = "responded with a status of 40"
OpenBrowser = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def site(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the live site, with static files as in production: by WhiteNoise, under their hashed names.

    Django's test server would answer for them itself, and knows only the names that developers use.
    """
    monkeypatch.setattr(StaticFilesHandler, "_should_handle", lambda handler, path: False)
    return live_server.url


@pytest.fixture
def open_browser(chromium: str, site: str) -> OpenBrowser:
    """Opens a page for a `with` block; afterwards fails for anything the console complained of, broken rules of the
    content security policy included, and for any request to another host than the site and the one named by `also`.

    Playwright keeps an event loop in this thread while it runs, and Django refuses its database under a loop: what
    the block needs of the database is done before it, after it, or over HTTP.
    """

    @contextmanager
    def opened(also: str = "data:", may_refuse: bool = False, **options: Any) -> Iterator[Page]:
        complaints: list[str] = []

        def hear(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not (may_refuse and REFUSED in message.text):
                complaints.append(f"{message.text} ({message.location.get('url')})")

        def watch(request: Request) -> None:
            if not request.url.startswith((site, "data:", also)):
                complaints.append(f"went to {request.url}")

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
            context = browser.new_context(base_url=site, **options)
            context.set_default_timeout(10_000)
            page = context.new_page()
            page.on("console", hear)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", watch)
            yield page
            context.close()
            browser.close()
        assert complaints == []

    return opened
