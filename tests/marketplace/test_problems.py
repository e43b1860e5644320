"""Failures are problem documents, whoever raised them and wherever (FEATURES J4, J5; WIRE 1.6)."""

import re
from threading import Event as Flag
from threading import Thread
from typing import Any, NoReturn

import pytest
from django.db import close_old_connections, connection, transaction
from django.test import Client
from django.urls import include, path

import marketplace.urls
from jobs import queries
from jobs.models import Job
from jobs.services import lock
from tests.factories import draft_job, open_job
from tests.fixtures import api_for

MEMBERS = {
    *("type", "title", "status", "detail", "instance", "requestId"),
    *("code", "message", "errors", "timestamp", "path"),
}
NOWHERE = "/jobs/01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"
SECRET = "the password of the database"


def boom(request: Any) -> NoReturn:
    raise RuntimeError(SECRET)


class Exploding:
    """Our addresses, and two that fail."""

    urlpatterns = [path("v1/boom", boom), path("boom", boom), path("", include(marketplace.urls))]
    handler500 = marketplace.urls.handler500


@pytest.mark.parametrize(
    ("method", "address", "body", "headers", "expected"),
    [
        ("GET", "/nothing", None, {}, (404, "NOT_FOUND", [])),
        ("GET", "", None, {}, (404, "NOT_FOUND", [])),
        ("GET", NOWHERE, None, {}, (404, "NOT_FOUND", [])),
        ("GET", "/jobs/not-an-id", None, {}, (404, "NOT_FOUND", [])),
        ("GET", "/jobs/%00", None, {}, (400, "BAD_REQUEST", [])),
        ("GET", "/jobs?q=%00", None, {}, (400, "BAD_REQUEST", [])),
        ("GET", "/agents/nobody-of-that-name", None, {}, (404, "NOT_FOUND", [])),
        ("GET", "/jobs?status=open,lost", None, {}, (400, "VALIDATION_FAILED", ["status"])),
        ("GET", "/jobs?limit=0", None, {}, (400, "VALIDATION_FAILED", ["limit"])),
        ("GET", "/agents?sort=luck", None, {}, (400, "VALIDATION_FAILED", ["sort"])),
        ("PUT", "/jobs", {}, {}, (405, "METHOD_NOT_ALLOWED", [])),
        ("POST", "/jobs", {}, {}, (400, "VALIDATION_FAILED", ["title", "budgetUsdc"])),
        ("POST", "/jobs", {"title": 5, "budgetUsdc": True}, {}, (400, "VALIDATION_FAILED", ["title", "budgetUsdc"])),
        (
            "POST",
            "/jobs",
            {"title": "T", "budgetUsdc": "1", "terms": {"reviewWindowSeconds": "soon"}},
            {},
            (400, "VALIDATION_FAILED", ["terms.reviewWindowSeconds"]),
        ),
        (
            "POST",
            "/jobs",
            {"title": "T", "budgetUsdc": "1", "deadlineAt": "2001-01-01T00:00:00Z"},
            {},
            (400, "VALIDATION_FAILED", ["deadlineAt"]),
        ),
        ("POST", f"{NOWHERE}/bids", {}, {}, (404, "NOT_FOUND", [])),
        ("POST", "/jobs", b"a=b", {"content_type": "text/plain"}, (415, "UNSUPPORTED_MEDIA_TYPE", [])),
        ("POST", "/jobs", {}, {"idempotency_key": "a b"}, (400, "VALIDATION_FAILED", ["Idempotency-Key"])),
        ("GET", "/agents/me", None, {"x_api_key": "mj_live_wrong"}, (401, "UNAUTHORIZED", [])),
    ],
)
def test_a_refusal_is_a_problem_that_names_the_field(poster_api, problem, method, address, body, headers, expected):
    response = poster_api.send(method, address, body, **headers)
    assert problem(response) == expected
    document = response.json()
    assert document.keys() >= MEMBERS
    assert document["message"] == document["detail"]
    assert document["instance"] == document["path"] == response.wsgi_request.path
    assert all(error["message"] for error in document["errors"])


def test_the_type_of_a_problem_leads_to_a_page(poster_api, client):
    for address in ("/nothing", NOWHERE, "/jobs?limit=0"):
        type = poster_api.get(address).json()["type"]
        page = client.get(type.removeprefix("http://localhost:8000"))
        assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert client.get("/errors/nonsense").status_code == 404


def test_nobody_is_told_how_to_authenticate(anonymous_api, problem):
    response = anonymous_api.get("/agents/me")
    assert problem(response) == (401, "UNAUTHORIZED", [])
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_method_is_told_the_right_ones(poster_api):
    assert {"GET", "POST", "HEAD"} <= set(poster_api.send("PUT", "/jobs")["Allow"].split(", "))
    assert poster_api.send("OPTIONS", "/jobs").status_code == 200
    head = poster_api.send("HEAD", "/jobs")
    assert (head.status_code, head.content) == (200, b"")


def test_errors_use_the_name_that_was_sent(poster, worker_api, problem):
    """WIRE 1.3: the price of a bid has five names; the budget is checked by the service, which knows none of them."""
    address = f"/jobs/{open_job(poster).pk}/bids"
    for name in ("amount", "proposedUsdc", "amountUsdc", "bidAmount", "proposal"):
        assert problem(worker_api.post(address, {name: "-1"})) == (400, "VALIDATION_FAILED", [name])
        above_budget = worker_api.post(address, {name: "100.01"})
        assert problem(above_budget) == (400, "VALIDATION_FAILED", [name])
        assert above_budget.json()["detail"].startswith(f"{name}: ")
    assert problem(worker_api.post(address, {"amount": "5", "proposal": "6"}))[2] == ["proposal"]


def test_a_draft_of_another_answers_like_a_missing_job(poster, worker_api):
    """S1: the same status and the same words."""
    hidden, missing = worker_api.get(f"/jobs/{draft_job(poster).pk}"), worker_api.get(NOWHERE)
    own = {"requestId", "timestamp", "instance", "path"}
    told = [
        {name: value for name, value in response.json().items() if name not in own} for response in (hidden, missing)
    ]
    assert told[0] == told[1]
    assert told[0]["status"] == 404


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("My-id_1.2", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("<script>", False), ("", False)],
)
@pytest.mark.parametrize("address", ["/v1/health", "/v1/nothing", "/jobs/", "/nothing"])
def test_every_response_has_a_request_id(client, db, caplog, address, sent, kept):
    """J5: API and pages; the caller's own id only when it is safe; the same in the log."""
    caplog.set_level("INFO", "django_structlog")
    response = client.get(address, headers={"X-Request-Id": sent})
    request_id = response["X-Request-Id"]
    assert (request_id == sent) is kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", request_id)
    logged = [record.msg["request_id"] for record in caplog.records if isinstance(record.msg, dict)]
    assert logged
    assert set(logged) == {request_id}


def test_a_fault_of_ours_reveals_nothing_and_is_logged(db, settings, caplog):
    settings.ROOT_URLCONF = Exploding
    client = Client(raise_request_exception=False)
    response = client.get("/v1/boom")
    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert SECRET not in response.text
    failures = [record.msg for record in caplog.records if isinstance(record.msg, dict) and "exc_info" in record.msg]
    assert [failure["request_id"] for failure in failures] == [response["X-Request-Id"]]
    page = client.get("/boom")
    assert (page.status_code, page["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert SECRET not in page.text


def test_a_strange_host_is_refused(client):
    response = client.get("/v1/health", headers={"Host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_a_nul_in_a_cookie_is_refused(db):
    """PostgreSQL cannot look for it: without the guard the session's query would fail with a 500."""
    client = Client()
    client.cookies["guildhall_session"] = "x" * 31 + "\0"
    assert client.get("/v1/agents/me").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_waiting_in_vain_for_a_lock_is_told_as_try_again(poster, poster_api, problem):
    """WIRE 0.4 and 0.5: nothing was done, and the wait that is advised is small."""
    job = open_job(poster)
    locked, asked = Flag(), Flag()

    def hold() -> None:
        with transaction.atomic():
            lock(job)
            locked.set()
            asked.wait(30)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        response = poster_api.patch(f"/jobs/{job.pk}/cancel")
    finally:
        asked.set()
        holder.join()
        with connection.cursor() as cursor:
            # The pool would hand the connection to another test as it is.
            cursor.execute("RESET lock_timeout")
    assert problem(response) == (503, "RETRY", [])
    assert response["Retry-After"] == "1"
    assert Job.objects.get(pk=job.pk).status == "OPEN"
    assert poster_api.patch(f"/jobs/{job.pk}/cancel").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_in_the_middle_is_a_503_and_the_next_request_finds_another(poster, monkeypatch):
    """SURVIVE L8: whether it was done is not known, and the answer says so."""
    job = open_job(poster)
    visible_to = queries.visible_to

    def cut(actor: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return visible_to(actor)

    monkeypatch.setattr(queries, "visible_to", cut)
    api = api_for(poster)
    response = api.get(f"/jobs/{job.pk}")
    assert (response.status_code, response.json()["code"]) == (503, "DATABASE_LOST"), response.content
    assert response["Retry-After"] == "1"
    monkeypatch.undo()
    close_old_connections()  # as the end of every request does, but for those of tests
    assert api.get(f"/jobs/{job.pk}").status_code == 200
