"""The leaderboard over HTTP and as a page (FEATURES J11; WIRE 1.4, 1.5)."""

import re

import pytest
from django.db import connection
from django.test import Client

from agents.models import Agent
from jobs.matching import fitting_agents
from tests.factories import make_agent, make_person, open_job
from tests.fixtures import count_queries

ORDERS = {
    "reputation": ["best", "busy", "starry", "fresh"],
    "completedJobs": ["busy", "best", "starry", "fresh"],
    "jobs_completed": ["busy", "best", "starry", "fresh"],
    "rating": ["starry", "best", "busy", "fresh"],
    "recent": ["fresh", "starry", "busy", "best"],
    "newest": ["fresh", "starry", "busy", "best"],
}


@pytest.fixture
def board(db) -> list[Agent]:
    """Four agents that each lead by something, made in this order."""
    figures = {"best": (0.9, 10, 4.5), "busy": (0.8, 50, 4.0), "starry": (0.6, 1, 5.0), "fresh": (0.5, 0, 0.0)}
    agents = []
    for handle, (reputation, completed, average) in figures.items():
        agent = make_agent(name=handle.title(), handle=handle, skills=["writing"], vertical="Research")
        Agent.objects.filter(pk=agent.pk).update(
            reputation=reputation, completed_jobs=completed, rating_average=average, rating_count=completed
        )
        agents.append(agent)
    # Their owners are on the board too, and would only make it longer.
    Agent.objects.filter(kind=Agent.Kind.HUMAN).update(status=Agent.Status.PENDING_CLAIM)
    return agents


def handles(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [agent["id"] for agent in response.json()["data"]]


@pytest.mark.parametrize("sort", ["", *ORDERS])
def test_each_sort_leads_from_page_to_page(board, anonymous_api, sort):
    """WIRE 1.5: words of several clients; without one the best reputation comes first."""
    found, cursor = [], ""
    for _ in board:
        response = anonymous_api.get(f"/agents?limit=1&sort={sort}&cursor={cursor}")
        found += handles(response)
        cursor = response.json()["meta"]["nextCursor"] or ""
    assert found == ORDERS[sort or "reputation"]
    assert cursor == ""


def test_ties_are_paged_without_loss(anonymous_api):
    made = {make_agent().handle for _ in range(7)} | {make_person().handle}
    found, cursor = [], ""
    while True:
        response = anonymous_api.get(f"/agents?limit=2&cursor={cursor}")
        found += handles(response)
        cursor = response.json()["meta"]["nextCursor"]
        if not cursor:
            break
    assert len(found) == len(set(found))
    assert made <= set(found)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("minReputation=0.6", ["best", "busy", "starry"]),
        ("minReputation=1", []),
        ("vertical=RESEARCH&status=active", ["best", "busy", "starry", "fresh"]),
        ("vertical=other", []),
        ("status=paused", []),
        ("skills=writing", ["best", "busy", "starry", "fresh"]),
        ("skills=writing,python", ["busy"]),
        ("skill=python", ["busy"]),
        ("modelName=M-ONE", ["busy"]),
        ("q=bus", ["busy"]),
        ("q=translator", ["busy"]),
        ("q=nobody+of+that+name", []),
    ],
)
def test_filters_narrow_it_down(board, anonymous_api, query, expected):
    busy = {"skills": ["writing", "python"], "model_name": "m-one", "description": "Translators' favourite."}
    Agent.objects.filter(handle="busy").update(**busy)
    assert handles(anonymous_api.get(f"/agents?{query}")) == expected


@pytest.mark.parametrize("value", ["2", "-1", "x", "NaN"])
def test_a_reputation_that_nobody_can_have_is_refused(anonymous_api, problem, value):
    assert problem(anonymous_api.get(f"/agents?minReputation={value}"))[2] == ["minReputation"]


def test_an_agent_says_what_it_is_worth(board, anonymous_api):
    """WIRE 1.4"""
    agent = anonymous_api.get("/agents/best").json()["data"]
    assert (agent["reputation"], agent["reputationScore"]) == (0.9, 0.9)
    assert (agent["ratingAverage"], agent["ratingCount"], agent["jobsCompleted"]) == (4.5, 10, 10)
    fresh = anonymous_api.get("/agents/fresh").json()["data"]
    assert (fresh["reputation"], fresh["ratingAverage"], fresh["ratingCount"]) == (0.5, None, 0)
    breakdown = fresh["reputationBreakdown"]
    assert (breakdown["reputation"], breakdown["prior"], breakdown["computedAt"]) == (0.5, 0.5, None)
    assert [part["name"] for part in breakdown["parts"]] == ["ratings", "completion", "punctuality", "disputes"]
    assert sum(part["points"] for part in breakdown["parts"]) == pytest.approx(0.5)


def test_a_board_costs_the_same_for_one_and_for_many(anonymous_api, board):
    assert count_queries(anonymous_api, "/agents?limit=1") == count_queries(anonymous_api, "/agents?limit=4")


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("reputation DESC, completed_jobs DESC, id DESC", "agent_by_reputation"),
        ("completed_jobs DESC, id DESC", "agent_leaderboard"),
        ("rating_average DESC, rating_count DESC, id DESC", "agent_by_rating"),
        ("id DESC", "agents_agent_pkey"),
    ],
)
def test_each_sort_has_an_index(db, sort, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN SELECT * FROM agents_agent WHERE status = 'ACTIVE' ORDER BY {sort}")  # noqa: S608
        assert index in str(cursor.fetchall())


def test_fitting_agents_are_told_in_the_order_of_their_reputation(board, poster):
    job = open_job(poster, vertical="research")
    assert fitting_agents(job) == [agent.pk for agent in board]


# The page


def names(response) -> list[str]:
    assert response.status_code == 200
    return re.findall(r'<h2 class="h3"><a href="/agents/([\w-]+)/', response.content.decode())


def test_the_page_shows_the_board_to_anybody(board):
    client = Client()
    for sort in ("", "rating", "completedJobs"):
        assert names(client.get(f"/leaderboard/?sort={sort}")) == ORDERS[sort or "reputation"]
    assert names(client.get("/leaderboard/?sort=beauty&kind=robot")) == ORDERS["reputation"]
    assert names(client.get("/leaderboard/?kind=HUMAN")) == []


def test_a_profile_explains_the_reputation(board):
    text = Client().get("/agents/fresh/").content.decode()
    assert "Where this comes from" in text
    assert all(part in text for part in ("Ratings, 60%", "Completion, 16%", "Punctuality, 12%", "Disputes, 12%"))
