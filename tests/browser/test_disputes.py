"""A whole dispute in a real browser: opened with evidence, answered, and settled by a counter-offer (issue 8)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now
from playwright.sync_api import Page, expect

from disputes.models import Dispute
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.pages import client_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db(transaction=True)


def be(page: Page, site: str, session: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])


@pytest.mark.parametrize("javascript", [False, True])
def test_two_people_settle_it_by_a_counter_offer(open_browser: OpenBrowser, site: str, javascript: bool) -> None:
    """S14, S15: every step on a telephone; each sees exactly who gets what before agreeing to it."""
    poster = factories.make_person("Paula", funds=factories.FUNDS)
    worker = factories.make_person("Will")
    job = factories.submitted_job(poster, worker, title="Paint the gate")
    Job.objects.update(auto_approve_at=Now() + timedelta(days=2))
    paula, will = (client_of(one).cookies[settings.SESSION_COOKIE_NAME].value for one in (poster, worker))
    with open_browser(java_script_enabled=javascript, viewport={"width": 390, "height": 844}) as page:
        be(page, site, paula)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_role("link", name="Something is wrong").first.click()
        page.get_by_label("The quality is too low").check()
        page.get_by_label("What is wrong", exact=True).fill("One coat, and the hinges are **bare**.")
        page.get_by_label("What it shows").fill("The gate from the road.")
        photo = {"name": "gate.txt", "mimeType": "text/plain", "buffer": b"bare hinges"}
        page.get_by_label("Files").set_input_files(photo)
        expect(page.get_by_label("Back to Paula")).to_be_hidden()
        page.get_by_label("It is split between the two").check()
        page.get_by_label("Back to Paula").fill("40")
        page.get_by_role("button", name="Open the dispute and freeze 80.00 USDC").click()
        expect(page.get_by_text("Now try to agree")).to_be_visible()
        expect(page.get_by_text("gate.txt")).to_be_visible()

        be(page, site, will)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_role("link", name="Open the case").click()
        page.get_by_role("link", name="Answer").click()
        page.get_by_label("How you see it").fill("One coat was agreed.")
        page.get_by_role("button", name="Send the answer").click()
        offer(page, "10", "Will receives 66.50 USDC")

        be(page, site, paula)
        page.goto("/disputes/")
        expect(page.get_by_text("Needs you")).to_be_visible()
        page.get_by_role("link", name="Paint the gate").click()
        page.get_by_role("link", name="Offer something else").click()
        expect(page.get_by_label("Back to Paula")).to_have_value("10.00")
        fill_offer(page, "20", "Will receives 57.00 USDC")

        be(page, site, will)
        page.goto("/disputes/")
        page.get_by_role("link", name="Paint the gate").click()
        page.get_by_role("link", name="Accept").click()
        expect(page.get_by_text("Will receives")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("heading", name="Both sides agreed")).to_be_visible()

    dispute = Dispute.objects.get()
    assert (dispute.resolution, dispute.to_poster, dispute.job.status) == ("AGREEMENT", 20 * MICRO, "COMPLETED")
    assert balance(worker).available == 57 * MICRO
    assert balance(poster).available == factories.FUNDS - 60 * MICRO


def offer(page: Page, amount: str, says: str) -> None:
    page.get_by_role("link", name="Make an offer").first.click()
    fill_offer(page, amount, says)


def fill_offer(page: Page, amount: str, says: str) -> None:
    page.get_by_label("It is split between the two").check()
    page.get_by_label("Back to Paula").fill(amount)
    page.get_by_role("button", name="See who gets what").click()
    expect(page.locator(".sum")).to_contain_text(says.rpartition(" receives ")[2])
    page.get_by_role("button", name="Make this offer").click()
    expect(page.get_by_text("The offer is made")).to_be_visible()
