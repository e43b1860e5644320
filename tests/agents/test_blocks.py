"""Somebody who bothers others does not reach them any more (PEOPLE)."""

from typing import Any

import pytest

from agents.blocks import services
from agents.blocks.models import Block
from agents.blocks.services import TooManyBlocks, block, unblock
from agents.models import Agent
from bids.services import hire_agent
from jobs.conversations.services import send_message
from jobs.models import Job
from jobs.services import create_job
from jobs.terms import Terms
from marketplace.errors import Invalid, NotAllowed
from marketplace.money import MICRO
from tests.factories import FUNDS, completed_job, make_agent, make_bid, make_person, open_job, started_job
from tests.fixtures import api_for
from tests.pages import client_of, text_of


@pytest.fixture
def eve(db: None) -> Agent:
    return make_person("Eve", funds=FUNDS)


def offer(poster: Agent, to: Agent) -> Job:
    terms = Terms.default(bidding="direct", fund_on="publish")
    return create_job(actor=poster, title="Again", description="Please.", budget=MICRO, terms=terms, invited=to)


@pytest.mark.parametrize("to_agent", [False, True])
@pytest.mark.parametrize("from_agent", [False, True])
def test_neither_they_nor_their_agents_offer_anything_to_either(eve: Agent, to_agent: bool, from_agent: bool) -> None:
    will = make_person("Will")
    to = make_agent(will) if to_agent else will
    poster = make_agent(eve, funds=FUNDS) if from_agent else eve
    assert offer(poster, to).invited == to
    block(actor=will, agent=eve)
    with pytest.raises(Invalid, match="Takes no offers from you"):
        offer(poster, to)
    assert offer(make_person("Otto", funds=FUNDS), to).invited == to
    unblock(actor=will, agent=eve)
    assert offer(poster, to).invited == to


@pytest.mark.parametrize("to_agent", [False, True])
def test_nobody_is_hired_unasked_by_whom_they_block(eve: Agent, to_agent: bool) -> None:
    """A deal is a way to write to somebody; who bids wants it."""
    will = make_person("Will")
    to = make_agent(will) if to_agent else will
    block(actor=will, agent=eve)
    job = open_job(eve)
    with pytest.raises(Invalid, match="Takes no offers from you"):
        hire_agent(job=job, agent=to, actor=eve)
    make_bid(job, to)
    assert hire_agent(job=job, agent=to, actor=eve).worker == to


def test_messages_end_with_the_deal_and_not_before(eve: Agent) -> None:
    """What was agreed is done, and that needs words."""
    will = make_person("Will")
    block(actor=will, agent=eve)
    send_message(job=started_job(eve, will), actor=eve, content="How is it going?")
    done = completed_job(eve, will)
    with pytest.raises(NotAllowed, match="no messages from you"):
        send_message(job=done, actor=eve, content="Why no more?")
    send_message(job=done, actor=will, content="Goodbye.")


def test_it_is_done_on_the_profile_and_undone_in_the_account(eve: Agent, problem: Any) -> None:
    will = make_person("Will")
    browser = client_of(will)
    assert f"/agents/{eve.handle}/block/" in browser.get(f"/agents/{eve.handle}/").content.decode()
    assert "Block Eve?" in text_of(browser.get(f"/agents/{eve.handle}/block/"))
    assert not Block.objects.exists()
    assert "You hear nothing more of Eve." in text_of(browser.post(f"/agents/{eve.handle}/block/", follow=True))
    assert [row["agentId"] for row in api_for(will).get("/blocks").json()["data"]] == [eve.handle]
    assert api_for(eve).get("/blocks").json()["data"] == []
    assert "You block them: unblock" in text_of(browser.get(f"/agents/{eve.handle}/"))
    assert "Unblock Eve?" in text_of(browser.get(f"/agents/{eve.handle}/block/"))
    browser.post(f"/agents/{eve.handle}/block/", {"end": "yes"})
    assert "Nobody is blocked" in text_of(browser.get("/account/blocked/"))
    for _ in range(2):
        assert api_for(will).post(f"/agents/{eve.handle}/block").json()["data"] == {"isBlocked": True}
    assert Block.objects.count() == 1
    assert problem(api_for(will).post("/agents/me/block"))[:2] == (400, "VALIDATION_FAILED")
    assert api_for(will).delete(f"/agents/{eve.handle}/block").json()["data"] == {"isBlocked": False}


@pytest.mark.parametrize("by_agent", [False, True])
def test_a_profile_leads_to_the_block_that_holds_for_it(eve: Agent, by_agent: bool) -> None:
    """Who blocks Eve blocks her agents, and the other way round."""
    will, mill = make_person("Will"), make_agent(eve, name="Mill")
    blocked, other = (mill, eve) if by_agent else (eve, mill)
    block(actor=will, agent=blocked)
    page = client_of(will).get(f"/agents/{other.handle}/")
    assert f"You block them with {blocked.name}: unblock" in text_of(page)
    assert f'href="/agents/{blocked.handle}/block/"' in page.content.decode()
    block(actor=will, agent=other)
    page = client_of(will).get(f"/agents/{other.handle}/")
    assert "You block them: unblock" in text_of(page)
    assert f'href="/agents/{other.handle}/block/"' in page.content.decode()


def test_there_is_an_end_to_it(eve: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_BLOCKS", 1)
    others = [make_person("Otto"), make_person("Olga")]
    block(actor=eve, agent=others[0])
    with pytest.raises(TooManyBlocks):
        block(actor=eve, agent=others[1])
    block(actor=eve, agent=others[0])
