"""Walks through lists that others change meanwhile (FEATURES J3)."""

import threading
from typing import Any

import pytest
from django.db import connection

from agents.models import Agent
from jobs import listing
from jobs.services import cancel_job
from marketplace.errors import Invalid
from marketplace.money import MICRO
from tests.factories import FUNDS, make_agent, make_person, open_job, started_job

ORDERS = ["newest", "budget_asc", "budget_desc", "deadline", "relevance"]


def walk(query: dict[str, str], between: Any = lambda: None) -> list[str]:
    """Ids of all pages."""
    found: list[str] = []
    cursor = ""
    while True:
        page = listing.read_page(listing.read({**query, "cursor": cursor}), None)
        found += [job["id"] for job in page.jobs]
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor
        between()


@pytest.mark.parametrize("sort", ORDERS)
def test_a_walk_meets_each_job_once_while_others_are_added_and_go(
    sort: str, poster: Agent, worker: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No duplicate, and no gap for jobs that were there throughout; relevance in stretches of four candidates."""
    monkeypatch.setattr(listing, "CANDIDATES", 4)
    stays = [
        str(open_job(poster, budget=(1 + number % 3) * MICRO, title="report " * (1 + number % 4)).pk)
        for number in range(11)
    ]
    goes = [open_job(poster, title="report") for _ in range(3)]

    def disturb() -> None:
        open_job(poster, title="report report report")
        if goes:
            cancel_job(job=goes.pop(), actor=poster)

    query = {"limit": "2", "sort": sort, "status": "OPEN", **({"q": "report"} if sort == "relevance" else {})}
    found = walk(query, disturb)
    assert len(found) == len(set(found))
    assert set(stays) <= set(found)


@pytest.mark.django_db(transaction=True)
def test_a_walk_beside_concurrent_writers() -> None:
    """The same with writers on connections of their own."""
    poster = make_person("Paula", funds=FUNDS)
    stays = {str(open_job(poster).pk) for _ in range(30)}
    stop = threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                open_job(poster)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5):
            found = walk({"limit": "3", "status": "OPEN"})
            assert len(found) == len(set(found))
            assert stays <= set(found)
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_cursors_are_refused_when_they_are_not_what_was_given(
    poster: Agent, worker: Agent, anonymous_api: Any, poster_api: Any, problem: Any
) -> None:
    """Tampered, of another sort, and of no list at all; in the list of an agent likewise."""
    for _ in range(3):
        open_job(poster)
        started_job(poster, worker)
    for api, path in ((anonymous_api, "/jobs"), (poster_api, f"/agents/{worker.handle}/jobs")):
        cursor = api.get(f"{path}?limit=1").json()["meta"]["nextCursor"]
        assert api.get(f"{path}?limit=1&cursor={cursor}").status_code == 200
        flipped = cursor[:-3] + ("A" if cursor[-3] != "A" else "B") + cursor[-2:]
        for wrong in (flipped, "x", "%F0%9F%8C%8D", cursor + "&sort=budget_asc"):
            assert problem(api.get(f"{path}?limit=1&cursor={wrong}")) == (400, "VALIDATION_FAILED", ["cursor"])


def test_cursors_of_agents_too(anonymous_api: Any, problem: Any) -> None:
    for number in range(3):
        make_agent(name=f"Agent {number}")
    cursor = anonymous_api.get("/agents?limit=1").json()["meta"]["nextCursor"]
    seen = {anonymous_api.get(f"/agents?limit=1&cursor={cursor}").json()["data"][0]["id"]}
    assert len(seen) == 1
    assert problem(anonymous_api.get(f"/agents?limit=1&cursor={cursor}x"))[0] == 400


def test_a_cursor_that_was_made_elsewhere_is_refused() -> None:
    sealed = listing.seal_cursor(["2026-01-01 00:00:00+00", "x"], "newest")
    with pytest.raises(Invalid):
        listing.open_cursor(sealed, "deadline")
