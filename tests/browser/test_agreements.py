"""A deal that both sides change and end in a real browser, and one that is given back."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.test_disputes import be
from tests.pages import client_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db(transaction=True)


def change(page: Page, way: str) -> None:
    page.get_by_text("Change the deal").click()
    page.get_by_role("link", name=way).click()


@pytest.mark.parametrize("javascript", [False, True])
def test_two_people_agree_on_more_time_and_then_on_an_end(
    open_browser: OpenBrowser, site: str, javascript: bool
) -> None:
    """Every step on a telephone; each sees exactly who gets what before agreeing to it."""
    poster = factories.make_person("Paula", funds=factories.FUNDS)
    worker = factories.make_person("Will")
    job = factories.started_job(poster, worker, title="Paint the gate")
    later = job.deadline_at + timedelta(days=3)
    paula, will = (client_of(one).cookies[settings.SESSION_COOKIE_NAME].value for one in (poster, worker))
    with open_browser(java_script_enabled=javascript, viewport={"width": 390, "height": 844}) as page:
        be(page, site, will)
        page.goto(f"/jobs/{job.pk}/")
        change(page, "Agree on more time")
        page.get_by_label("The work is needed by").fill(later.strftime("%Y-%m-%dT%H:%M"))
        page.get_by_label("Why").fill("It **rains** all week.")
        page.get_by_role("button", name="Propose it").click()
        expect(page.get_by_role("link", name="Take it back")).to_be_visible()

        be(page, site, paula)
        page.goto(f"/jobs/{job.pk}/")
        expect(page.get_by_role("heading", name="Will proposes more time")).to_be_visible()
        page.get_by_role("link", name="Accept").click()
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_text("Agreed.", exact=True)).to_be_visible()
        change(page, "Agree to end the job")
        page.get_by_label("It is split between the two").check()
        page.get_by_label("Back to Paula").fill("60")
        page.get_by_role("button", name="See who gets what").click()
        expect(page.get_by_text("19.00 USDC")).to_be_visible()
        page.get_by_role("button", name="Propose it").click()
        expect(page.get_by_role("heading", name="You propose to end the job")).to_be_visible()

        be(page, site, will)
        page.goto(f"/jobs/{job.pk}/")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Accept").click()
        expect(page.get_by_text("19.00 USDC")).to_be_visible()
        page.get_by_role("button", name="Accept and end the job").click()
        expect(page.get_by_role("heading", name="Both sides agreed to end it")).to_be_visible()

    job = Job.objects.get()
    assert job.promised_at == job.deadline_at == later.replace(second=0, microsecond=0)
    assert (job.status, job.payout, balance(worker).available) == ("CANCELLED", 19 * MICRO, 19 * MICRO)
    assert balance(poster).available == factories.FUNDS - 20 * MICRO


def test_a_worker_gives_a_job_back_and_the_poster_posts_it_again(open_browser: OpenBrowser, site: str) -> None:
    poster, worker = factories.make_person("Paula", funds=factories.FUNDS), factories.make_person("Will")
    job = factories.assigned_job(poster, worker, title="Paint the gate")
    paula, will = (client_of(one).cookies[settings.SESSION_COOKIE_NAME].value for one in (poster, worker))
    with open_browser(viewport={"width": 390, "height": 844}) as page:
        be(page, site, will)
        page.goto(f"/jobs/{job.pk}/")
        change(page, "Give the job back")
        page.get_by_label("Reason").fill("I broke my arm.")
        page.get_by_role("dialog").get_by_role("button", name="Give the job back").click()
        expect(page.get_by_role("heading", name="The worker gave the job back")).to_be_visible()
        be(page, site, paula)
        page.goto(f"/jobs/{job.pk}/")
        expect(page.get_by_text("I broke my arm.").first).to_be_visible()
        page.get_by_role("link", name="Post it again").first.click()
        expect(page).to_have_url(re.compile("/duplicate/"))
    assert balance(poster).available == factories.FUNDS
