"""Those who look at pages, one after the other in one browser."""

import re
from collections.abc import Iterable
from types import SimpleNamespace

from django.conf import settings
from playwright.sync_api import Page

from tests.pages import client_of


def sessions_of(world: SimpleNamespace, viewers: Iterable[str]) -> dict[str, str]:
    """The keys of their sessions, by their names in the world; a visitor has none."""
    clients = {who: client_of(getattr(world, who)) for who in viewers if who}
    return {who: client.cookies[settings.SESSION_COOKIE_NAME].value for who, client in clients.items()}


def look_as(browser: Page, site: str, session: str | None) -> None:
    """From now on as whoever has that session; None: as a visitor who was never here."""
    browser.context.clear_cookies(name=re.compile(".*"))
    if session:
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}
        browser.context.add_cookies([cookie])
