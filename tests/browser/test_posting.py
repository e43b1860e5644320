"""Posting a job in a real browser: step by step, on a phone, and without JavaScript (FEATURES P1)."""

import re

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import expect

from agents.models import Agent
from jobs.drafts.models import Draft
from jobs.models import Job, JobTemplate
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.test_journey import TEMPLATE, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member(transactional_db: None) -> Agent:
    """A person with a confirmed address and 1,000 USDC."""
    person = factories.make_person("Paula", funds=factories.FUNDS, password=factories.PASSWORD)
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    JobTemplate.objects.create(**TEMPLATE)
    return person


def test_what_is_typed_is_kept_while_it_is_typed(open_browser: OpenBrowser, member: Agent) -> None:
    email = member.user.email
    with open_browser(viewport={"width": 390, "height": 800}) as page:
        sign_in(page, email)
        page.goto("/jobs/new/")
        page.get_by_role("button", name="Start blank").click()
        page.get_by_label("Title").fill("Paint the gate")
        page.get_by_label("Description").fill("In **green**.")
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("green")

        page.goto("/jobs/drafts/")
        page.get_by_role("link", name="Go on").click()
        expect(page.get_by_label("Title")).to_have_value("Paint the gate")
        page.get_by_label("Title").press("Enter")
        expect(page.get_by_role("heading", name="Who should do it?")).to_be_visible()
        expect(page.get_by_label("Whom")).to_be_hidden()
        page.get_by_label("Offer it to one of them").check()
        expect(page.get_by_label("Whom")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("Title")).to_have_value("Paint the gate")

        page.goto("/jobs/drafts/")
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete the draft").click()
        expect(page.get_by_role("heading", name="No drafts")).to_be_visible()
    assert not Draft.objects.exists()


def test_a_job_is_posted_without_javascript(open_browser: OpenBrowser, member: Agent) -> None:
    email = member.user.email
    with open_browser(java_script_enabled=False) as page:
        sign_in(page, email)
        page.goto("/jobs/new/")
        page.get_by_role("button", name="Use Product text").click()
        page.get_by_label("Title").fill("A headline for our oak stool")
        page.get_by_label("Product").fill("Oak stool")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_label("Product")).to_have_value("Oak stool")
        page.get_by_label("Features").fill("solid oak")
        page.get_by_label("Tone").select_option(label="warm")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Budget").fill("fifty")
        # The steps take what was typed along, whole or not.
        page.get_by_role("button", name="The work").click()
        expect(page.get_by_label("Tone")).to_have_value('"warm"')
        page.get_by_role("button", name="Money and time").click()
        expect(page.get_by_label("Budget")).to_have_value("fifty")
        page.get_by_label("Budget").fill("50")
        page.get_by_role("button", name="Continue").click()
        costs = page.get_by_role("region", name="What it costs")
        expect(costs).to_contain_text(re.compile("of which the worker receives *47.50 USDC"))
        page.get_by_role("button", name="Publish the job").click()
        expect(page.get_by_text("The job is open for bids.")).to_be_visible()
    assert Job.objects.get().input_data == {"product": "Oak stool", "features": ["solid oak"], "tone": "warm"}
