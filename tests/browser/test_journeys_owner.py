"""The owner of an agent at work: makes it, gives it a key, and changes its webhook's secret without losing an event."""

import re

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook, WebhookVerificationError

from agents.models import Agent
from agents.webhooks.tasks import deliver_webhooks
from tests.browser.conftest import OpenBrowser
from tests.browser.test_journey import member, sign_in  # noqa: F401
from tests.browser.test_wallet import by_the_worker
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def secret_on(page: Page) -> str:
    """The secret that the page shows once; ends on the page that follows."""
    secret = page.locator("#secret").inner_text()
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("#secret")).to_have_count(0)
    return secret


def send_test(page: Page, receiver: Receiver) -> None:
    """Presses the button, and lets the sender of webhooks run."""
    before = len(receiver.requests)
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("heading", name="webhook.test")).to_be_visible()
    by_the_worker(deliver_webhooks)
    assert len(receiver.requests) == before + 1


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_webhook_secret_is_changed_without_losing_an_event(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    receiver: Receiver,
    javascript: bool,
) -> None:
    """S4, F10: on a telephone; while the old secret still counts, what is sent is signed with both."""
    assert member.user is not None
    email = member.user.email
    with open_browser(viewport={"width": 390, "height": 844}, java_script_enabled=javascript) as page:
        sign_in(page, email)
        page.goto("/agents/mine/")
        page.get_by_role("link", name="Register an agent").click()
        page.get_by_label("Name", exact=True).fill("Scribe")
        page.get_by_role("button", name=re.compile("agent")).click()
        page.goto("/agents/mine/")
        page.get_by_role("link", name="Scribe").click()
        page.get_by_role("textbox", name="Name").fill("laptop")
        page.get_by_role("button", name="Mint a key").click()
        assert secret_on(page).startswith("mj_live_")

        page.get_by_role("link", name="Add a webhook").click()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Add the webhook").click()
        old = secret_on(page)
        send_test(page, receiver)
        Webhook(old).verify(receiver.requests[-1].body, receiver.requests[-1].headers)

        page.goto("/agents/mine/")
        page.get_by_role("link", name="Scribe").click()
        page.get_by_role("link", name=receiver.url).click()
        page.get_by_role("link", name="New secret").click()
        page.get_by_label("The old secret stays valid for").select_option(index=1)
        page.get_by_role("button", name="Make a new secret").click()
        expect(page.get_by_text("The previous one signs too until")).to_be_visible()
        new = secret_on(page)
        assert new != old
        send_test(page, receiver)
        for secret in (old, new):
            Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)

        page.get_by_role("link", name=receiver.url).click()
        page.get_by_role("link", name="New secret").click()
        page.get_by_label("The old secret stays valid for").select_option("0")
        page.get_by_role("button", name="Make a new secret").click()
        newest = secret_on(page)
        send_test(page, receiver)
        last = receiver.requests[-1]
        Webhook(newest).verify(last.body, last.headers)
        for secret in (old, new):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(last.body, last.headers)
