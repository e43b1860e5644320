"""A poster sorts many bids on a phone, and a person answers what the poster asks (issue 7)."""

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent
from bids.models import Bid
from bids.services import place_bid
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.test_journey import member, sign_in  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = ["When can you begin?", "Which tools do you use?"]
LETTER = "I am {}, I read every brief twice, keep to it word by word, and hand in the day after tomorrow at noon."


@pytest.fixture
def job(member: Agent) -> Job:  # noqa: F811
    job = factories.open_job(member, title="Paint the gate", questions=ASKED)
    for name, price in (("Ada", 60), ("Bob", 70), ("Cyd", 80), ("Dee", 90)):
        bidder = factories.make_agent(name=name)
        offer = {"amount": price * MICRO, "eta_minutes": 600, "answers": ["Today.", "A brush."]}
        place_bid(job=job, bidder=bidder, actor=bidder, cover_letter=LETTER.format(name), **offer)
    return job


def names(page: Page) -> list[str]:
    return page.locator("#bids .lead-cell .who a").all_inner_texts()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_poster_shortlists_hides_notes_and_declines(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    job: Job,
    javascript: bool,
) -> None:
    assert member.user is not None
    email, address = member.user.email, f"/jobs/{job.pk}/?bids=price"
    with open_browser(java_script_enabled=javascript, viewport={"width": 390, "height": 844}) as page:
        sign_in(page, email)
        page.goto(address)
        assert names(page) == ["Ada", "Bob", "Cyd", "Dee"]
        expect(page.get_by_text("3 similar letters are folded below.")).to_be_visible()
        expect(page.get_by_text("A brush.").first).to_be_visible()

        page.get_by_role("button", name="Shortlist the bid of Ada").click()
        expect(page.get_by_text("The bid of Ada is on your shortlist.")).to_be_visible()
        page.get_by_role("link", name="Note or hide the bid of Bob").click()
        page.get_by_role("radio", name="Hidden").check()
        page.get_by_label("Why it is hidden").fill("Too dear.")
        page.get_by_label("Note to yourself").fill("Asked twice already.")
        page.get_by_role("button", name="Keep this").click()
        assert names(page) == ["Ada", "Cyd", "Dee"]
        page.get_by_role("navigation", name="Which bids are shown").get_by_role("link", name="Hidden 1").click()
        expect(page.get_by_text("Hidden: Too dear. Asked twice already.")).to_be_visible()
        page.get_by_role("link", name="All but the hidden").click()

        page.get_by_role("button", name="Favourite: Ada").click()
        expect(page.get_by_role("button", name="Favourite: Ada")).to_have_attribute("aria-pressed", "true")
        page.get_by_label("choose the bid of Cyd").check()
        page.get_by_label("choose the bid of Dee").check()
        page.get_by_role("button", name="Decline the chosen").click()
        page.get_by_label("Message").fill("We need it sooner.")
        page.get_by_role("button", name="Decline 2 bids").click()
        expect(page.get_by_text("2 bids are declined.")).to_be_visible()

    stands = dict(Bid.objects.values_list("bidder__name", "status"))
    assert stands == {"Ada": "PENDING", "Bob": "PENDING", "Cyd": "REJECTED", "Dee": "REJECTED"}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_answers_the_questions_of_the_poster(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    javascript: bool,
) -> None:
    job = factories.open_job(factories.make_person("Paula"), title="Paint the gate", questions=ASKED)
    assert member.user is not None
    email = member.user.email
    with open_browser(java_script_enabled=javascript, may_refuse=True) as page:
        sign_in(page, email)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_label("Your price").fill("60")
        page.get_by_label(ASKED[0]).fill("Tomorrow.")
        page.get_by_role("button", name="Place the bid").click()
        expect(page.get_by_text("This field is required.")).to_be_visible()
        page.get_by_label(ASKED[1]).fill("A roller.")
        page.get_by_role("button", name="Place the bid").click()
        expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()
        expect(page.get_by_text("A roller.")).to_be_visible()

    assert [one["answer"] for one in Bid.objects.get().answers] == ["Tomorrow.", "A roller."]
