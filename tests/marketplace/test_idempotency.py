"""A request with an Idempotency-Key happens once (SURVIVE L10)."""

import json
from collections import Counter
from datetime import timedelta
from functools import partial

import httpx2
import pytest
from django.db import connection, transaction
from django.utils import timezone

from agents.models import ApiKey
from agents.services import mint_api_key
from jobs.models import Job
from marketplace.api import idempotency
from marketplace.api.models import IdempotencyRecord
from marketplace.api.tasks import forget_idempotency_keys
from marketplace.encryption import decrypt
from tests.factories import FUNDS, make_bid, make_person, open_job
from tests.racing import race
from wallets.queries import balance

JOB = {"title": "T", "budgetUsdc": "5"}


def test_the_same_request_happens_once_and_is_answered_the_same(poster_api):
    first = poster_api.post("/jobs", JOB, idempotency_key="k")
    again = poster_api.post("/jobs", JOB, idempotency_key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first["Content-Type"] == again["Content-Type"]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert first["X-Request-Id"] != again["X-Request-Id"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "/jobs", {**JOB, "title": "Other"}),
        ("POST", "/jobs", b'{"title": "T",  "budgetUsdc": "5"}'),
        ("POST", "/jobs?x=1", JOB),
        ("POST", "/agents", {"name": "N"}),
    ],
)
def test_a_key_is_not_for_two_requests(poster_api, problem, method, address, body):
    poster_api.post("/jobs", JOB, idempotency_key="k")
    refusal = poster_api.send(method, address, body, idempotency_key="k")
    assert problem(refusal) == (422, "IDEMPOTENCY_KEY_REUSED", [])
    assert Job.objects.count() == 1


def test_keys_of_different_agents_never_meet(poster_api, worker_api):
    posted = poster_api.post("/jobs", JOB, idempotency_key="k").json()["data"]
    other = worker_api.post("/jobs", {**JOB, "title": "Mine"}, idempotency_key="k").json()["data"]
    assert posted["posterId"] != other["posterId"]


def test_a_refusal_is_not_kept_and_leaves_nothing(poster, worker, poster_api, problem):
    """Refused for want of money, the same request with the same key works once there is some."""
    job = open_job(poster, budget=FUNDS * 2)
    bid = make_bid(job, worker, FUNDS + 1)
    address = f"/jobs/{job.pk}/bids/{bid.pk}/accept"
    assert problem(poster_api.post(address, idempotency_key="k"))[0] == 402
    assert problem(poster_api.post("/jobs", {}, idempotency_key="k"))[0] == 400
    assert poster_api.post("/jobs", JOB, idempotency_key="k").status_code == 201
    assert IdempotencyRecord.objects.count() == 1
    assert balance(poster).held == 0


def test_a_request_without_the_right_is_not_kept(outsider_api, poster, problem):
    job = open_job(poster)
    for _ in range(2):
        assert problem(outsider_api.patch(f"/jobs/{job.pk}/cancel", idempotency_key="k"))[0] == 403
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "schlüssel", "tab\tkey"])
def test_a_key_is_visible_ascii(poster_api, problem, key):
    refusal = poster_api.post("/jobs", JOB, idempotency_key=key)
    assert problem(refusal) == (400, "VALIDATION_FAILED", ["Idempotency-Key"])
    assert not Job.objects.exists()


def test_what_is_kept_gives_no_secret_away(poster, poster_api):
    """S2: a stored answer may hold a new key; only its encrypted form is in the database."""
    address = f"/agents/{poster.handle}/api-keys"
    first = poster_api.post(address, {"name": "n"}, idempotency_key="k")
    raw = first.json()["data"]["rawKey"]
    record = IdempotencyRecord.objects.get()
    assert raw.encode() not in bytes(record.body)
    assert raw not in json.dumps(record.headers)
    assert json.loads(decrypt(bytes(record.body)))["data"]["rawKey"] == raw
    assert poster_api.post(address, {"name": "n"}, idempotency_key="k").content == first.content
    assert ApiKey.objects.filter(name="n").count() == 1


def test_the_answer_survives_a_new_secret_key(poster_api, settings):
    first = poster_api.post("/jobs", JOB, idempotency_key="k")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "new" * 20
    assert poster_api.post("/jobs", JOB, idempotency_key="k").content == first.content


@pytest.mark.django_db(transaction=True)
def test_the_effect_and_its_record_commit_together_or_not_at_all(poster_api):
    """Were the answer not stored, the job would not be posted either."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE api_idempotencyrecord ADD CONSTRAINT full_up CHECK (key <> 'k') NOT VALID")
    try:
        poster_api.client.raise_request_exception = False
        assert poster_api.post("/jobs", JOB, idempotency_key="k").status_code == 500
        assert not Job.objects.exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE api_idempotencyrecord DROP CONSTRAINT full_up")
    assert poster_api.post("/jobs", JOB, idempotency_key="k").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_second_request_does_not_wait_for_the_first(poster, poster_api, problem):
    """The first holds its key until its transaction ends; the second is told so at once."""

    def ask_while_held() -> tuple[int, str, list[str]]:
        return problem(poster_api.post("/jobs", JOB, idempotency_key="k"))

    with transaction.atomic():
        idempotency._take_turn(poster.pk, "k")
        outcome = race([ask_while_held])
    assert outcome == [(409, "IDEMPOTENCY_KEY_IN_USE", [])]
    assert poster_api.post("/jobs", JOB, idempotency_key="k").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_64_requests_with_one_key_have_one_effect(live_server):
    """L10, over HTTP."""
    poster = make_person("Paula")
    headers = {"X-Api-Key": mint_api_key(agent=poster, name="k", actor=poster)[1], "Idempotency-Key": "k"}
    send = partial(httpx2.post, f"{live_server.url}/v1/jobs", json=JOB, headers=headers, timeout=60)
    answers = race([send] * 64, with_database=False)
    assert Job.objects.count() == 1
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert statuses[201] >= 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"IDEMPOTENCY_KEY_IN_USE"}


def test_old_keys_are_forgotten(poster_api, settings):
    for key in ("old", "older", "new"):
        poster_api.post("/jobs", JOB, idempotency_key=key)
    past = timezone.now() - settings.IDEMPOTENCY_KEY_LIFETIME - timedelta(hours=1)
    IdempotencyRecord.objects.filter(key__startswith="old").update(created_at=past)
    assert forget_idempotency_keys() == 2
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["new"]
    poster_api.post("/jobs", JOB, idempotency_key="old")
    assert Job.objects.count() == 4
