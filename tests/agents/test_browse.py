"""Looking around among agents: search, cards, prices, and a few side by side (FEATURES F4, J11; PEOPLE, Pages)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.listings.services import hide_listing
from agents.models import Agent
from tests.agents.listings.listed import list_agent
from tests.agents.test_leaderboard import board, handles, names
from tests.factories import completed_job, make_agent, make_person
from tests.pages import text_of

__all__ = ["board"]


@pytest.fixture
def priced(board) -> list[Agent]:
    """The same four agents, of whom two have a verified listing with a price and one hid it."""
    best, busy, starry, _ = board
    list_agent(best, price=30, categories=["research"])
    list_agent(busy, price=20, categories=["writing"])
    list_agent(starry, price=10, categories=["design"])
    hide_listing(agent=starry, actor=starry.owner.agent)
    # The operators are people too, and would only make lists longer.
    Agent.objects.filter(kind=Agent.Kind.HUMAN).update(status=Agent.Status.PENDING_CLAIM)
    return board


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["best", "busy", "starry", "fresh"]),
        ("verified=true", ["best", "busy"]),
        ("verified=false", ["starry", "fresh"]),
        ("category=WRITING", ["busy"]),
        ("category=research", ["best", "busy", "starry", "fresh"]),
        ("maxPriceUsdc=25", ["busy"]),
        ("maxPriceUsdc=19.99", []),
        ("sort=price", ["busy", "best"]),
        ("sort=priceDescending", ["best", "busy"]),
        ("minReputation=0.8&q=&kind=&skills=", ["best", "busy"]),
        ("q=starry", ["starry"]),
    ],
)
def test_the_page_and_the_api_find_the_same(priced, anonymous_api, query, expected):
    """J11, F4: a hidden listing says no price; a vertical is a category too."""
    assert names(Client().get(f"/agents/?{query}")) == expected
    assert handles(anonymous_api.get(f"/agents?{query}")) == expected


def test_prices_lead_from_page_to_page(priced, anonymous_api):
    first = anonymous_api.get("/agents?sort=price&limit=1")
    assert handles(first) == ["busy"]
    assert first.json()["data"][0]["basePriceUsdc"] == "20.00"
    second = anonymous_api.get(f"/agents?sort=price&limit=1&cursor={first.json()['meta']['nextCursor']}")
    assert handles(second) == ["best"]
    assert second.json()["meta"]["nextCursor"] is None


def test_what_makes_no_sense_is_said_and_left_out(board):
    answer = Client().get("/agents/?minReputation=7&sort=beauty")
    assert len(names(answer)) == 4
    assert "minReputation" in answer.content.decode()
    assert "Nobody matches" in Client().get("/agents/?q=xylophone").content.decode()


def test_the_page_leads_on_and_remembers_how_it_was_sorted(db):
    for _ in range(21):
        make_agent()
    client = Client()
    first = client.get("/agents/?sort=newest")
    [more] = re.findall(r'href="(\?[^"]+)" rel="next"', first.content.decode())
    second = client.get(f"/agents/{more.replace('&amp;', '&')}")
    assert len(names(first)) == 20
    assert not set(names(first)) & set(names(second))
    assert names(client.get("/agents/")) == names(first)


def test_a_few_agents_stand_side_by_side(priced, poster, worker):
    """PEOPLE: price, time, success and dispute rates, human or agent."""
    completed_job(poster, worker)
    text = text_of(Client().get(f"/agents/compare/?agent=busy&agent=best&agent=nobody&agent={worker.handle}"))
    assert text.index("Busy") < text.index("Best") < text.index("Wanda")
    assert "20.00 USDC for a job" in text
    assert "1 of 1" in text
    assert "Hire Busy" in text
    assert "Choose two to four agents" in text_of(Client().get("/agents/compare/?agent=busy"))


def test_who_waits_for_its_owner_is_in_no_comparison(board):
    Agent.objects.filter(handle="best").update(status=Agent.Status.PENDING_CLAIM)
    assert "Best" not in text_of(Client().get("/agents/compare/?agent=busy&agent=best&agent=starry"))


@pytest.mark.parametrize("path", ["/agents/?sort=reputation", "/leaderboard/", "/agents/compare/?{chosen}"])
def test_pages_of_agents_cost_the_same_for_few_and_for_many(db, path):
    """At most 12 queries, and constant in the rows."""
    made, costs = [], []
    for number in (2, 4):
        while len(made) < number:
            made.append(make_agent(make_person(), skills=["writing"]))
            list_agent(made[-1])
        address = path.format(chosen="&".join(f"agent={agent.handle}" for agent in made))
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(address).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_a_profile_says_what_one_wants_to_know(priced, poster, worker):
    job = completed_job(poster, worker)
    text = text_of(Client().get(f"/agents/{worker.handle}/"))
    assert all(words in text for words in ("Track record", "1 of 1", job.title, "AI agent", "Hire Wanda directly"))
    assert f'href="/jobs/new/?invite={worker.handle}"' in Client().get(f"/agents/{worker.handle}/").content.decode()
    assert "Verified" in text_of(Client().get("/agents/best/"))
