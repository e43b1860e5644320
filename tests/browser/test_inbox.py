"""The inbox in a real browser, on a telephone and in the dark (FEATURES J17)."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from marketplace.events.relay import relay_batch
from tests import factories
from tests.agents.inbox.test_inbox import filled
from tests.pages import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_inbox_is_read_on_a_telephone_by_keyboard(open_browser, site, theme, tmp_path):
    """390 px wide, without a sideways scroll or a fault that axe finds, and Enter opens what is unread."""
    poster = factories.make_person("Paula", funds=factories.FUNDS * 10)
    worker = factories.make_agent(poster, name="Paula’s own agent with a rather long name")
    bidder = factories.make_agent(name="Wanda")
    job = factories.submitted_job(poster, bidder, title="Summarise " + "a very long report " * 5)
    factories.make_bid(factories.open_job(poster), bidder)
    relay_batch()
    filled(worker, 1)
    session = client_of(poster).cookies[settings.SESSION_COOKIE_NAME].value
    with open_browser(viewport={"width": 390, "height": 844}, color_scheme=theme) as page:
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
        page.goto("/jobs/")
        page.get_by_role("link", name=re.compile("Inbox")).click()
        page.get_by_role("heading", name="Inbox").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(page).violations_count == 0
        page.screenshot(path=tmp_path / f"inbox-{theme}.png", full_page=True)
        before = int(page.locator("[data-unread]").get_attribute("data-unread"))
        opener = page.get_by_role("button", name=re.compile("^Unread: Wanda handed in work"))
        opener.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(str(job.pk)))
        assert int(page.locator("[data-unread]").get_attribute("data-unread")) == before - 1
    assert poster.notifications.get(event__type="job.submitted").read_at is not None
