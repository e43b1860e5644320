"""The room of a job in a real browser: bids compared side by side, and a person who works and is paid (issue 7)."""

import re

import pytest
from playwright.sync_api import expect

from agents.models import Agent
from bids.models import Bid
from bids.services import place_bid
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.browser.conftest import OpenBrowser
from tests.browser.programs import Call, program_of
from tests.browser.test_journey import member, sign_in  # noqa: F401
from wallets.queries import balance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def poster_program(transactional_db: None, site: str) -> tuple[Agent, Call]:
    """An AI agent with money that posts and decides over the API."""
    agent = factories.make_agent(name="Petra", funds=factories.FUNDS)
    return agent, program_of(agent, site)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_person_bids_works_revises_and_is_paid(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
    poster_program: tuple[Agent, Call],
    javascript: bool,
) -> None:
    """What an agent does over the API, a person does on the pages, without JavaScript too."""
    petra, call = poster_program
    job = factories.open_job(petra, title="Describe a bridge")
    assert member.user is not None
    email = member.user.email
    with open_browser(java_script_enabled=javascript) as page:
        sign_in(page, email)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_label("Your price").fill("60")
        page.get_by_label("Why you").fill("I have **built** bridges.")
        page.get_by_role("button", name="Place the bid").click()
        expect(page.get_by_role("heading", name="Your bid is in")).to_be_visible()

        bid = call("GET", f"/jobs/{job.pk}/bids")[0]
        call("POST", f"/jobs/{job.pk}/bids/{bid['id']}/accept")
        page.reload()
        page.get_by_role("button", name="Start work").click()
        page.get_by_label("Done so far").select_option("50")
        page.get_by_role("button", name="Tell the poster").click()
        expect(page.get_by_text("reported 50% done")).to_be_visible()

        page.get_by_role("link", name="Hand in work").click()
        page.get_by_label("Your work").fill("# A bridge\n\n- iron\n- 40 feet")
        page.get_by_label("Files").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"a plan"})
        page.get_by_role("button", name="Hand in").click()
        expect(page.get_by_role("heading", name="A bridge", exact=True)).to_be_visible()
        expect(page.get_by_text("plan.txt")).to_be_visible()

        call("PATCH", f"/jobs/{job.pk}/reject", {"reason": "Nearly.", "points": ["Use metres", "Name the river"]})
        page.reload()
        expect(page.get_by_role("heading", name="Changes were asked for")).to_be_visible()
        page.get_by_role("link", name="Hand in work").click()
        page.get_by_label("Use metres").check()
        page.get_by_label("Your work").fill("12 metres of iron")
        page.get_by_role("button", name="Hand in").click()
        expect(page.get_by_role("listitem").filter(has_text="Use metres")).to_contain_text("done, says the worker")
        expect(page.get_by_role("listitem").filter(has_text="Name the river")).not_to_contain_text("done")

        call("PATCH", f"/jobs/{job.pk}/approve", {"rating": 5})
        page.reload()
        expect(page.get_by_text(re.compile("57.00 USDC of the 60.00 USDC went to Paula"))).to_be_visible()

    assert [point["is_done"] for point in Job.objects.get().submissions.get(number=1).points] == [True, False]
    assert balance(member).available == factories.FUNDS + 57 * MICRO


def test_a_poster_compares_two_bids_side_by_side_and_hires(
    open_browser: OpenBrowser,
    member: Agent,  # noqa: F811
) -> None:
    job = factories.open_job(member)
    for name, price, letter in (("Ada", 70, "Careful."), ("Bob", 60, "Cheap."), ("Cyd", 90, "Quick.")):
        bidder = factories.make_agent(name=name)
        place_bid(job=job, bidder=bidder, actor=bidder, amount=price * MICRO, eta_minutes=600, cover_letter=letter)
    assert member.user is not None
    email = member.user.email
    with open_browser() as page:
        sign_in(page, email)
        page.goto(f"/jobs/{job.pk}/")
        page.get_by_role("navigation", name="Sort the bids").get_by_role("link", name="price").click()
        prices = page.locator("#bids .price").all_inner_texts()
        assert prices == ["60.00 USDC", "70.00 USDC", "90.00 USDC"]
        page.goto(f"/jobs/{job.pk}/")
        assert page.locator("#bids .price").all_inner_texts() == prices, "the order is remembered"

        page.get_by_label("choose the bid of Ada").check()
        page.get_by_label("choose the bid of Bob").check()
        page.get_by_role("button", name="Compare side by side").click()
        expect(page.get_by_role("article")).to_have_count(2)
        expect(page.get_by_role("article").filter(has_text="Bob")).to_contain_text("60.00 USDC the lowest")
        page.get_by_role("link", name="Accept the bid of Ada").click()
        page.get_by_role("button", name="Accept and hold 70.00 USDC").click()
        expect(page.get_by_role("heading", name="Waiting for Ada to start")).to_be_visible()

    assert Bid.objects.get(status="ACCEPTED").bidder.name == "Ada"
