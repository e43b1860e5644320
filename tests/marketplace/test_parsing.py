"""What bodies are read as, and what no body can do (SURVIVE L9, S9; WIRE 0.1, 0.2)."""

import json
from typing import Any

import pytest

from agents.models import Agent
from jobs.models import Job
from marketplace.api.parsers import MAX_DEPTH
from tests.factories import open_job, started_job

DEEP = b'{"inputData":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b',"title":"T","budgetUsdc":"1"}'


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b"{", 400, []),
        (b"[]", 400, []),
        (b'"text"', 400, []),
        (b"null", 400, []),
        (b"{'title': 'T'}", 400, []),
        (b'{"title": NaN}', 400, []),
        (b'{"inputData": {"n": Infinity}}', 400, []),
        (b'{"inputData": {"n": 1e999}}', 400, []),
        (b'{"inputData": {"n": ' + b"9" * 5000 + b"}}", 400, []),
        (b'{"title": "\xff"}', 400, []),
        (b'{"title": "a\\u0000b"}', 400, ["title"]),
        (b'{"inputData": {"list": ["\\ud800"]}}', 400, ["inputData.list.0"]),
        (b'{"inputData": {"a\\u0000": 1}}', 400, []),
        (b"[" * 100_000, 400, []),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), 400, []),
        (DEEP, 400, ["inputData"]),
        (b'{"title": "' + b"x" * 1024 * 1024 + b'"}', 413, []),
        (json.dumps({"title": "T", "budgetUsdc": "1", "inputData": {"n": "x" * 300_000}}).encode(), 400, ["inputData"]),
        (b"", 400, ["title", "budgetUsdc"]),
        (b" \n", 400, ["title", "budgetUsdc"]),
        (b"{}", 400, ["title", "budgetUsdc"]),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_cannot_be_kept_is_refused(poster_api, problem, body, status, fields):
    """L9, S9"""
    response = poster_api.post("/jobs", body)
    assert (response.status_code, problem(response)[2]) == (status, fields)
    assert not Job.objects.exists()


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=bz2", "", "text/plain"])
def test_an_empty_body_is_an_empty_object_whatever_its_type(worker_api, media_type):
    """WIRE 0.1: heartbeats come with a JSON type and nothing else, and from curl with a form's."""
    assert worker_api.post("/agents/heartbeat", b"", content_type=media_type).status_code == 201
    form = worker_api.post("/agents/heartbeat", b"", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 201


def test_a_chunked_body_is_refused_rather_than_ignored(poster, poster_api, problem):
    job = open_job(poster)
    refusal = poster_api.patch(f"/jobs/{job.pk}/cancel", b"", transfer_encoding="chunked")
    assert problem(refusal) == (411, "LENGTH_REQUIRED", [])
    assert Job.objects.get(pk=job.pk).status == "OPEN"


def test_null_means_absent(poster, poster_api, worker_api):
    """WIRE 0.2: the Python SDK sends null in every optional field."""
    body = {"title": "T", "budgetUsdc": 5, "templateId": None, "inputData": None, "deadlineAt": None, "terms": None}
    job = poster_api.post("/jobs", body).json()["data"]
    assert (job["status"], job["budgetUsdc"], job["inputData"]) == ("OPEN", "5.00", {})
    bid = worker_api.post(f"/jobs/{job['id']}/bids", {"amount": 5, "agentId": None, "coverLetter": None})
    assert bid.json()["data"]["coverLetter"] == ""


EXACT: list[tuple[Any, str]] = [
    ("50", "50.00"),
    ("50.00", "50.00"),
    (50, "50.00"),
    (0.1, "0.10"),
    ("0.000001", "0.000001"),
    (1e-6, "0.000001"),
    ("1000000000", "1000000000.00"),
]
INEXACT: list[Any] = [
    *(0, "0", -1, "-1", "+1", "1e6", "1_000", " 1", "١", "", "NaN", "Infinity"),
    *("0.0000001", 1e-7, 1000000000.000001, "1000000001", 2**53 + 1, 2**63, 10**300),
    *(True, False, [], {}, "9" * 10_000),
]


@pytest.mark.parametrize(("amount", "kept"), EXACT)
def test_amounts_are_kept_exactly(poster_api, amount, kept):
    """L9"""
    assert poster_api.post("/jobs", {"title": "T", "budgetUsdc": amount}).json()["data"]["budgetUsdc"] == kept


@pytest.mark.parametrize("amount", INEXACT)
def test_amounts_that_are_not_exact_are_refused(poster_api, problem, amount):
    """L9"""
    refusal = poster_api.post("/jobs", {"title": "T", "budgetUsdc": amount})
    assert problem(refusal) == (400, "VALIDATION_FAILED", ["budgetUsdc"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("percent", value) for value in (-1, 101, 50.5, "50", True, 2**63, 10**400, [50])),
        *(("note", value) for value in (5, True, ["x"], {"x": 1}, "x" * 2001)),
    ],
)
def test_a_wrong_type_is_refused_and_never_converted(poster, worker, worker_api, problem, name, value):
    job = started_job(poster, worker)
    response = worker_api.post(f"/jobs/{job.pk}/progress", {"percent": 5, name: value})
    assert problem(response) == (400, "VALIDATION_FAILED", [name])
    job.refresh_from_db()
    assert job.progress_percent == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2035-01-31T12:00:00Z", "2035-01-31T12:00:00.000Z"),
        ("2035-01-31T12:00:00.123456+02:00", "2035-01-31T10:00:00.123Z"),
        ("2035-01-31 12:00", "2035-01-31T12:00:00.000Z"),
        *((text, None) for text in ("2035-01-31", "tomorrow", "2199-02-30T00:00:00Z", "2035-01-31T24:30:00Z", "")),
        *((text, None) for text in ("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", 4102444800, True)),
    ],
)
def test_times_are_utc_or_refused(poster_api, problem, sent, kept):
    response = poster_api.post("/jobs", {"title": "T", "budgetUsdc": "1", "deadlineAt": sent})
    if kept is None:
        assert problem(response) == (400, "VALIDATION_FAILED", ["deadlineAt"])
    else:
        assert response.json()["data"]["deadlineAt"] == kept


def test_invisible_characters_are_removed(poster_api):
    """M4: zero-width, direction and tag characters, which a model reads and a person does not see."""
    hidden = "".join(map(chr, range(0xE0020, 0xE0060)))
    body = {"title": f" Pay\u200b me\u202e{hidden}\u2066! ", "description": "a\r\nb\tc 👍🏽 שלום", "budgetUsdc": "1"}
    job = poster_api.post("/jobs", body).json()["data"]
    assert (job["title"], job["description"]) == ("Pay me!", "a\nb\tc 👍🏽 שלום")


def test_a_title_of_nothing_visible_is_no_title(poster_api, problem):
    response = poster_api.post("/jobs", {"title": "\u200b \u2060", "budgetUsdc": "1"})
    assert problem(response) == (400, "VALIDATION_FAILED", ["title"])


def test_members_that_are_no_field_change_nothing(poster, poster_api, worker_api, worker):
    """S1: no writing of what the API does not offer."""
    job = open_job(poster)
    mass = {"status": "COMPLETED", "poster": str(worker.pk), "price": 1, "bidCount": 9, "feeUsdc": "0", "terms": {}}
    changed = poster_api.patch(f"/jobs/{job.pk}", {**mass, "title": "Changed"}).json()["data"]
    assert (changed["title"], changed["status"], changed["posterId"], changed["priceUsdc"], changed["bidCount"]) == (
        "Changed",
        "OPEN",
        str(poster.pk),
        None,
        0,
    )
    mass = {"completedJobs": 99, "kind": "HUMAN", "handle": "other-handle", "owner": 1}
    assert worker_api.patch("/agents/me", mass).status_code == 200
    assert Agent.objects.get(pk=worker.pk).completed_jobs == 0
    assert Agent.objects.get(pk=worker.pk).handle == worker.handle
