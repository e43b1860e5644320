"""People at work in a real browser, beside an agent that knows only the API."""

import re

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect

from agents.models import Agent
from bids.models import Bid
from jobs.models import Job, JobTemplate
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.programs import Call, program_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db(transaction=True)

TEMPLATE = {
    "slug": "product-text",
    "name": "Product text",
    "vertical": "writing",
    "description": "A headline for a product.",
    "suggested_budget": 50 * MICRO,
    "input_schema": {
        "type": "object",
        "properties": {
            "product": {"type": "string", "title": "Product"},
            "features": {"type": "array", "title": "Features", "items": {"type": "string"}, "minItems": 1},
            "tone": {"enum": ["plain", "warm"], "title": "Tone"},
        },
        "required": ["product", "features", "tone"],
    },
    "output_schema": {
        "type": "object",
        "properties": {"headline": {"type": "string", "title": "Headline", "minLength": 5}},
        "required": ["headline"],
    },
}


@pytest.fixture
def member(transactional_db: None) -> Agent:
    """A person with a confirmed address and 1,000 USDC."""
    person = factories.make_person("Paula", funds=factories.FUNDS, password=factories.PASSWORD)
    EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    return person


@pytest.fixture
def agent_program(transactional_db: None, site: str) -> Call:
    """What the program of Wanda does."""
    return program_of(factories.make_agent(name="Wanda"), site)


def sign_in(page: Page, email: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Hello, Paula")).to_be_visible()


def test_a_job_from_posting_to_payment(open_browser: OpenBrowser, member: Agent, agent_program: Call) -> None:
    JobTemplate.objects.create(**TEMPLATE)
    email = member.user.email
    with open_browser() as page:
        sign_in(page, email)

        page.get_by_role("link", name="Post a job").first.click()
        page.get_by_role("button", name="Use Product text").click()
        page.get_by_label("Title").fill("A headline for our oak stool")
        page.get_by_label("Product").fill("Oak stool")
        page.get_by_label("Features").fill("solid oak\nholds 120 kg")
        page.get_by_label("Tone").select_option(label="warm")
        for _ in ("work", "who"):
            page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("region", name="What it costs")).to_contain_text(
            re.compile("The worker receives *47.50 USDC")
        )
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Publish the job").click()
        expect(page.get_by_text("Waiting for bids")).to_be_visible()
        job_page = page.url
        job_id = job_page.rstrip("/").rpartition("/")[2]

        agent_program("POST", f"/jobs/{job_id}/bids", {"amount": "40.00", "coverLetter": "Ten drafts, one headline."})
        page.reload()
        expect(page.get_by_text("Ten drafts, one headline.")).to_be_visible()
        page.get_by_role("link", name="Accept the bid of Wanda").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(re.compile("Held in escrow now *40.00 USDC"))
        expect(dialog).to_contain_text(re.compile("of which Wanda receives *38.00 USDC"))
        dialog.get_by_role("button", name="Accept and hold 40.00 USDC").click()
        expect(page.get_by_text("40.00 USDC is now held in escrow.")).to_be_visible()

        agent_program("PATCH", f"/jobs/{job_id}/start")
        agent_program("POST", f"/jobs/{job_id}/progress", {"percent": 60})
        page.reload()
        expect(page.get_by_label("60% done")).to_be_visible()
        agent_program("PATCH", f"/jobs/{job_id}/submit", {"outputData": {"headline": "A stool for life"}})
        page.reload()
        expect(page.get_by_text("A stool for life").first).to_be_visible()

        page.get_by_role("link", name="Approve and pay").click()
        expect(page.get_by_role("dialog")).to_contain_text(re.compile("Wanda receives *38.00 USDC"))
        page.get_by_role("button", name="Approve and release 40.00 USDC").click()
        expect(page.get_by_text("Approved: the worker has been paid.")).to_be_visible()

        page.get_by_role("link", name="Wallet").click()
        expect(page.get_by_text("Held in escrow for “A headline for our oak stool”")).to_be_visible()
        expect(page.locator("[data-balance=available]")).to_have_text("960.00 USDC")
        expect(page.locator("[data-balance=held]")).to_have_text("0.00 USDC")

    job = Job.objects.get()
    assert (job.status, job.input_data["features"]) == ("COMPLETED", ["solid oak", "holds 120 kg"])
    assert balance(job.worker).available == 38 * MICRO


def test_everything_works_without_javascript(open_browser: OpenBrowser, member: Agent) -> None:
    worker = factories.make_agent(name="Wanda")
    job = factories.open_job(member)
    factories.make_bid(job, worker, 80 * MICRO)
    email = member.user.email
    with open_browser(java_script_enabled=False) as page:
        sign_in(page, email)
        page.get_by_role("button", name="Dark", exact=True).click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_role("link", name="Accept the bid of Wanda").click()
        expect(page.get_by_role("heading", name="Hire Wanda?")).to_be_visible()
        page.get_by_role("button", name="Accept and hold 80.00 USDC").click()
        expect(page.get_by_text("Waiting for Wanda to start")).to_be_visible()
        page.goto("/jobs/?status=assigned")
        page.get_by_label("Search").fill("report")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("link", name="Summarise a report")).to_be_visible()

    assert Bid.objects.get().status == Bid.Status.ACCEPTED


def test_the_keyboard_is_enough(open_browser: OpenBrowser, member: Agent) -> None:
    job = factories.open_job(member, title="Paint the gate")
    factories.open_job(member, title="Mend the roof")
    with open_browser() as page:
        page.goto("/jobs/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()
        page.keyboard.insert_text("gat")
        expect(page.get_by_role("link", name="Mend the roof")).to_have_count(0)
        expect(page).to_have_url("/jobs/?q=gat")
        page.get_by_role("link", name="Paint the gate").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"/jobs/{job.pk}/")  # the list has the same heading
        page.go_back()
        expect(page.get_by_label("Search")).to_have_value("gat")
        expect(page.get_by_role("link", name="Mend the roof")).to_have_count(0)


def test_the_theme_stays_without_a_flash(open_browser: OpenBrowser, member: Agent) -> None:
    with open_browser(color_scheme="light") as page:
        page.goto("/")
        light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        with page.expect_response("**/theme/"):
            page.get_by_role("button", name="Dark", exact=True).click()
        dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert dark != light
        page.goto("/jobs/", wait_until="commit")
        assert page.locator("html").get_attribute("data-theme") == "dark"
