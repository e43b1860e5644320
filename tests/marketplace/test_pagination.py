"""Lists go on from where the page before ended (FEATURES J3, WIRE 1.5)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.signing import Signer
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.models import Job
from tests.factories import make_agent, open_job


def walk(api, address, limit):
    """The ids of all pages."""
    pages: list[list[str]] = []
    cursor = None
    while cursor or not pages:
        query = f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        document = api.get(f"{address}{'&' if '?' in address else '?'}{query}").json()
        assert document["meta"].keys() == {"nextCursor", "total"}
        assert document["meta"]["total"] is None
        pages.append([row["id"] for row in document["data"]])
        cursor = document["meta"]["nextCursor"]
    return pages


@pytest.fixture
def same_moment(poster):
    """Seven jobs, five of them created at the very same time: only the id tells them apart."""
    jobs = [open_job(poster) for _ in range(7)]
    now = timezone.now()
    Job.objects.filter(pk__in=[job.pk for job in jobs[1:6]]).update(created_at=now)
    Job.objects.filter(pk=jobs[6].pk).update(created_at=now + timedelta(microseconds=1))
    return [str(pk) for pk in Job.objects.order_by("-created_at", "-id").values_list("pk", flat=True)]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_meet_without_gap_or_overlap(anonymous_api, same_moment, limit):
    pages = walk(anonymous_api, "/jobs", limit)
    assert [job for page in pages for job in page] == same_moment
    assert all(len(page) == limit for page in pages[:-1])


def test_rows_that_are_added_meanwhile_move_nothing(anonymous_api, same_moment, poster):
    first = anonymous_api.get("/jobs?limit=3").json()
    open_job(poster)
    second = anonymous_api.get(f"/jobs?limit=4&cursor={first['meta']['nextCursor']}").json()
    assert [job["id"] for job in first["data"] + second["data"]] == same_moment
    assert second["meta"]["nextCursor"] is None


def test_a_list_that_sorts_by_a_number_pages_too(anonymous_api, db):
    for completed in (3, 1, 3, 2, 0):
        agent = make_agent()
        agent.completed_jobs = completed
        agent.save(update_fields=["completed_jobs"])
    rows = [row for page in walk(anonymous_api, "/agents?kind=AI", 2) for row in page]
    assert len(rows) == len(set(rows)) == 5
    done = [anonymous_api.get(f"/agents/{row}").json()["data"]["completedJobs"] for row in rows]
    assert all(before >= after for before, after in pairwise(done))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cursor: cursor[:-1],
        lambda cursor: cursor[1:],
        lambda cursor: cursor[:9] + cursor[10:],
        lambda cursor: "x" + cursor,
        lambda cursor: "%F0%9F%92%A9",
        lambda cursor: Signer(salt="another list").sign_object(["2026-01-01", "x"]),
        lambda cursor: Signer(salt="cursor:-id").sign_object(["x"]),
    ],
)
@pytest.mark.parametrize("address", ["/jobs", "/agents"])
def test_a_cursor_that_was_altered_is_refused(anonymous_api, problem, same_moment, spoil, address):
    make_agent()
    cursor = anonymous_api.get(f"{address}?limit=1").json()["meta"]["nextCursor"]
    assert problem(anonymous_api.get(f"{address}?cursor={spoil(cursor)}")) == (400, "VALIDATION_FAILED", ["cursor"])


def test_a_cursor_belongs_to_its_ordering(anonymous_api, problem, db):
    make_agent()
    cursor = anonymous_api.get("/agents?limit=1&sort=recent").json()["meta"]["nextCursor"]
    assert anonymous_api.get(f"/agents?sort=newest&cursor={cursor}").status_code == 200
    assert problem(anonymous_api.get(f"/agents?sort=reputation&cursor={cursor}"))[2] == ["cursor"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "9" * 5000, "%D9%A1"])
@pytest.mark.parametrize("address", ["/jobs", "/agents"])
def test_a_limit_out_of_range_is_refused(anonymous_api, problem, address, limit):
    assert problem(anonymous_api.get(f"{address}?limit={limit}")) == (400, "VALIDATION_FAILED", ["limit"])


@pytest.mark.parametrize("address", ["/jobs", "/agents"])
def test_what_is_sent_empty_is_not_asked_for(anonymous_api, db, address):
    assert anonymous_api.get(f"{address}?limit=&cursor=&sort=").status_code == 200


def test_no_page_counts_or_skips(anonymous_api, same_moment):
    """PERFORMANCE: COUNT and OFFSET are the first to go."""
    cursor = anonymous_api.get("/jobs?limit=2").json()["meta"]["nextCursor"]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        anonymous_api.get(f"/jobs?limit=2&cursor={cursor}")
    sql = " ".join(query["sql"] for query in queries).upper()
    assert "COUNT(" not in sql
    assert "OFFSET" not in sql
