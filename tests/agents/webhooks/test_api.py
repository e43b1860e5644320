"""Webhook endpoints, their deliveries and attempts over HTTP (FEATURES F10, S16)."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from standardwebhooks import Webhook

from agents.models import Agent
from agents.webhooks.models import Attempt, Delivery, Endpoint
from agents.webhooks.services import create_endpoint, send_test
from agents.webhooks.tasks import deliver_webhooks
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.events.services import emit
from tests.factories import make_agent
from tests.fixtures import ApiClient, api_for, count_queries
from tests.receiver import Receiver, answer

URL = "http://127.0.0.1:9/hooks"
OWN_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NO_AGENT = "There is no agent with that id or handle."


@pytest.fixture
def endpoint(worker: Agent) -> Endpoint:
    """Where the worker is told of everything."""
    relay_batch()
    return create_endpoint(agent=worker, url=URL, actor=worker)[0]


@pytest.fixture
def address(endpoint: Endpoint) -> str:
    return f"/agents/me/webhooks/{endpoint.pk}"


def tell(agent: Agent, type: str = "test.told") -> Delivery:
    """What the agent is told is on its way."""
    event = emit(type, actor=None, audience=[agent], data={})
    relay_batch()
    return Delivery.objects.get(event=event)


def give_up(delivery: Delivery, **attempt: Any) -> Delivery:
    """The delivery after its last attempt failed."""
    Delivery.objects.filter(pk=delivery.pk).update(status="FAILED", attempts=11, last_error="answered 500")
    said = {"response_status": 500, "error": "answered 500", "request_headers": {"webhook-id": "x"}, **attempt}
    Attempt.objects.create(delivery=delivery, number=11, started_at=timezone.now(), latency_ms=12, **said)
    delivery.refresh_from_db()
    return delivery


def test_an_agent_has_several_endpoints_each_with_its_own_events_and_secret(worker_api: ApiClient) -> None:
    """F10, S16: the secret is in the answer that makes it and nowhere else."""
    first = worker_api.post("/agents/me/webhooks", {"url": URL, "name": "Main"})
    second = worker_api.post(
        "/agents/me/webhooks", {"url": f"{URL}/2", "types": ["bid.accepted", "job.approved"], "secret": OWN_SECRET}
    )
    assert (first.status_code, second.status_code) == (201, 201)
    made, own = first.json()["data"], second.json()["data"]
    assert made["secret"].startswith("whsec_")
    assert (own["secret"], own["types"], own["status"]) == (OWN_SECRET, ["bid.accepted", "job.approved"], "ACTIVE")
    listed = worker_api.get("/agents/me/webhooks")
    assert [(row["name"], row["url"], row["types"]) for row in listed.json()["data"]] == [
        ("Main", URL, []),
        ("", f"{URL}/2", ["bid.accepted", "job.approved"]),
    ]
    one = worker_api.get(f"/agents/me/webhooks/{made['id']}")
    assert one.json()["data"].keys() == made.keys() - {"secret"}
    for text in (listed.text, one.text):
        assert made["secret"] not in text and OWN_SECRET not in text


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ({}, "url", "required"),
        ({"url": "ftp://example.com"}, "url", "https"),
        ({"webhookUrl": "http://10.0.0.1/"}, "webhookUrl", "private"),
        ({"url": URL, "types": ["bid.accepted", "bid.invented"]}, "types", "bid.invented"),
        ({"url": URL, "types": "bid.accepted"}, "types", "list"),
        ({"url": URL, "name": "x" * 101}, "name", "100"),
        ({"url": URL, "secret": "hunter2"}, "secret", "whsec_"),
        ({"url": URL, "secret": OWN_SECRET.removeprefix("whsec_")}, "secret", "whsec_"),
        ({"url": URL, "secret": "whsec_AAECAwQFBgc="}, "secret", "24 to 64"),
        ({"url": URL, "secret": "whsec_" + base64.b64encode(bytes(65)).decode()}, "secret", "24 to 64"),
        ({"url": URL, "secret": OWN_SECRET + "!"}, "secret", "base64"),
    ],
)
def test_an_endpoint_that_cannot_be_used_is_refused_by_the_field(
    worker: Agent, worker_api: ApiClient, problem: Any, body: dict[str, Any], field: str, word: str
) -> None:
    response = worker_api.post("/agents/me/webhooks", body)
    assert problem(response) == (400, "VALIDATION_FAILED", [field])
    assert word in response.json()["errors"][0]["message"]
    assert not worker.webhook_endpoints.exists()


def test_the_same_key_makes_one_endpoint(worker: Agent, worker_api: ApiClient) -> None:
    """SURVIVE I: a retry is answered the same and adds nothing."""
    answers = [worker_api.post("/agents/me/webhooks", {"url": URL}, idempotency_key="k").json() for _ in range(2)]
    assert answers[0]["data"]["secret"] == answers[1]["data"]["secret"]
    assert worker.webhook_endpoints.count() == 1


def test_there_is_an_end_to_the_number_of_endpoints(
    worker_api: ApiClient, endpoint: Endpoint, problem: Any, settings: Any
) -> None:
    settings.MOST_WEBHOOK_ENDPOINTS = 1
    assert problem(worker_api.post("/agents/me/webhooks", {"url": f"{URL}/2"}))[0] == 409


def test_an_endpoint_is_changed_paused_resumed_and_deleted(worker_api: ApiClient, address: str) -> None:
    """F10"""
    changed = worker_api.patch(address, {"name": "Main", "types": ["bid.accepted"], "url": f"{URL}/new"})
    row = changed.json()["data"]
    assert (changed.status_code, row["name"], row["types"], row["url"]) == (
        200,
        "Main",
        ["bid.accepted"],
        f"{URL}/new",
    )
    assert worker_api.patch(address, {"types": []}).json()["data"]["types"] == []
    for verb, status, enabled in [("pause", "PAUSED", False), ("resume", "ACTIVE", True)]:
        row = worker_api.post(f"{address}/{verb}").json()["data"]
        assert (row["status"], row["enabled"]) == (status, enabled)
    assert worker_api.delete(address).json()["data"]["message"].startswith("The endpoint is deleted")
    assert worker_api.get(address).status_code == 404


def test_while_paused_deliveries_wait(worker: Agent, worker_api: ApiClient, address: str) -> None:
    worker_api.post(f"{address}/pause")
    tell(worker)
    assert worker_api.get(address).json()["data"]["waiting"] == 1
    tell(worker)
    assert worker_api.get(address).json()["data"]["waiting"] == 2


def test_a_secret_is_replaced_with_the_old_one_valid_for_a_while(
    worker_api: ApiClient, address: str, endpoint: Endpoint
) -> None:
    """F10, W5: the new one is shown once."""
    rotated = worker_api.post(f"{address}/rotate-secret", {"overlapSeconds": 3600}).json()["data"]
    assert rotated["secret"].startswith("whsec_")
    until = Endpoint.objects.get(pk=endpoint.pk).previous_secret_until
    assert timedelta(minutes=59) < until - timezone.now() <= timedelta(hours=1)
    assert rotated["previousSecretUntil"][:16] == until.isoformat()[:16]
    own = worker_api.post(f"{address}/rotate-secret", {"secret": OWN_SECRET, "overlapSeconds": 0}).json()["data"]
    assert (own["secret"], own["previousSecretUntil"]) == (OWN_SECRET, None)
    assert "whsec_" not in worker_api.get(address).text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"secret": "hunter2"}, "secret"),
        ({"overlapSeconds": -1}, "overlapSeconds"),
        ({"overlapSeconds": 10**9}, "overlapSeconds"),
    ],
)
def test_a_rotation_that_makes_no_sense_changes_nothing(
    worker_api: ApiClient, address: str, problem: Any, body: Any, field: str
) -> None:
    before = Endpoint.objects.values().get()
    assert problem(worker_api.post(f"{address}/rotate-secret", body))[2] == [field]
    assert Endpoint.objects.values().get() == before


def test_a_test_is_sent_and_what_came_back_is_told(worker: Agent, worker_api: ApiClient, receiver: Receiver) -> None:
    """F10: the answer is quoted as it came, in JSON."""
    relay_batch()
    endpoint, secret = create_endpoint(agent=worker, url=receiver.url, actor=worker)
    receiver.behaviour = answer(500, body=b"<script>alert(1)</script>")
    sent = worker_api.post(f"/agents/me/webhooks/{endpoint.pk}/test")
    assert (sent.status_code, sent.json()["data"]["type"], sent.json()["data"]["status"]) == (
        201,
        "webhook.test",
        "PENDING",
    )
    deliver_webhooks()
    [request] = receiver.requests
    Webhook(secret).verify(request.body, request.headers)
    read = worker_api.get(f"/agents/me/webhooks/{endpoint.pk}/deliveries/{sent.json()['data']['id']}")
    delivery = read.json()["data"]
    assert (delivery["eventId"], delivery["requestBody"].encode()) == (request.id, request.body)
    [attempt] = delivery["attempts"]
    assert (attempt["responseStatus"], attempt["responseBody"]) == (500, "<script>alert(1)</script>")
    assert attempt["requestHeaders"]["webhook-id"] == request.id
    assert secret not in read.text
    assert read["Content-Type"] == "application/json"


def test_the_one_call_form_has_its_test(worker: Agent, worker_api: ApiClient, problem: Any) -> None:
    """WIRE: `POST /agents/:id/webhook {url}`, and `/test`."""
    assert problem(worker_api.post("/agents/me/webhook/test"))[:2] == (404, "NOT_FOUND")
    made = worker_api.post("/agents/me/webhook", {"webhookUrl": URL}).json()["data"]
    assert made["secret"].startswith("whsec_")
    create_endpoint(agent=worker, url=f"{URL}/2", actor=worker)
    tested = worker_api.post("/agents/me/webhook/test")
    assert (tested.status_code, tested.json()["data"]["endpointId"]) == (201, made["id"])


def test_an_endpoint_that_does_not_listen_is_not_tested(worker_api: ApiClient, address: str, problem: Any) -> None:
    worker_api.post(f"{address}/pause")
    assert problem(worker_api.post(f"{address}/test"))[0] == 409
    assert not Delivery.objects.exists()


def test_the_log_is_narrowed_down_and_paged(worker: Agent, worker_api: ApiClient, address: str) -> None:
    """S16"""
    failed, waiting = give_up(tell(worker)), tell(worker, "test.other")
    for query, found in {
        "": [waiting, failed],
        "?status=failed": [failed],
        "?status=FAILED,PENDING": [waiting, failed],
        "?type=test.other": [waiting],
        "?since=2999-01-01": [],
        "?until=2999-01-01": [waiting, failed],
    }.items():
        rows = worker_api.get(f"{address}/deliveries{query}").json()["data"]
        assert (query, [row["id"] for row in rows]) == (query, [str(delivery.pk) for delivery in found])
    page = worker_api.get(f"{address}/deliveries?limit=1").json()
    rest = worker_api.get(f"{address}/deliveries?limit=1&cursor={page['meta']['nextCursor']}").json()
    assert [page["data"][0]["id"], rest["data"][0]["id"]] == [str(waiting.pk), str(failed.pk)]
    assert worker_api.get(f"{address}/deliveries?status=lost").status_code == 400
    first = worker_api.get(f"{address}/deliveries").json()["data"][1]
    assert (first["attemptCount"], first["lastError"], first["nextAttemptAt"]) == (11, "answered 500", None)


@pytest.mark.parametrize("field", ["since", "until"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_that_utc_has_no_year_for_is_refused_by_name(
    worker_api: ApiClient, address: str, problem: Any, moment: str, field: str
) -> None:
    answer = worker_api.get(f"{address}/deliveries?{field}={moment}")
    assert problem(answer) == (400, "VALIDATION_FAILED", [field])


def test_one_is_sent_again(worker: Agent, worker_api: ApiClient, address: str) -> None:
    """F10"""
    delivery = give_up(tell(worker))
    again = worker_api.post(f"{address}/deliveries/{delivery.pk}/resend")
    assert (again.status_code, again.json()["data"]["status"]) == (200, "PENDING")
    assert again.json()["data"]["eventId"] == str(delivery.event.uid)


def test_all_that_failed_since_are_sent_again_and_the_missed_are_replayed(
    worker: Agent, worker_api: ApiClient, address: str, problem: Any
) -> None:
    """F10: given up is one thing, never made another."""
    old, new = give_up(tell(worker)), give_up(tell(worker))
    Delivery.objects.filter(pk=old.pk).update(created_at=Now() - timedelta(days=2))
    since = (timezone.now() - timedelta(days=1)).isoformat()
    assert worker_api.post(f"{address}/resend", {"since": since}).json()["data"] == {"count": 1}
    assert list(Delivery.objects.filter(status="PENDING")) == [new]
    missed = {old.event, new.event}
    Delivery.objects.all().delete()
    replayed = worker_api.post(f"{address}/replay", {"since": since}).json()["data"]["count"]
    assert missed <= {delivery.event for delivery in Delivery.objects.all()}
    assert replayed == Delivery.objects.count()
    assert worker_api.post(f"{address}/replay", {"since": since}).json()["data"]["count"] == 0
    assert problem(worker_api.post(f"{address}/resend", {}))[2] == ["since"]
    assert problem(worker_api.post(f"{address}/replay", {"since": since, "until": "soon"}))[2] == ["until"]


def test_how_an_endpoint_fares_is_told(worker: Agent, worker_api: ApiClient, address: str) -> None:
    """F10: last success, failing since, waiting."""
    fresh = worker_api.get(address).json()["data"]
    assert (fresh["lastSuccessAt"], fresh["failingSince"], fresh["waiting"]) == (None, None, 0)
    arrived = tell(worker)
    Delivery.objects.filter(pk=arrived.pk).update(status="DELIVERED", delivered_at=Now())
    Endpoint.objects.update(failing_since=Now())
    tell(worker)
    later = worker_api.get(address).json()["data"]
    assert later["lastSuccessAt"] and later["failingSince"]
    assert later["waiting"] == 1


def test_others_are_told_the_same_as_of_what_is_not_there(
    worker: Agent, outsider_api: ApiClient, worker_api: ApiClient, endpoint: Endpoint
) -> None:
    """SURVIVE S1: neither another's agent nor another's endpoint or delivery."""
    delivery = tell(worker)
    theirs = outsider_api.get(f"/agents/{worker.handle}/webhooks/{endpoint.pk}").json()
    missing = outsider_api.get(f"/agents/nobody/webhooks/{endpoint.pk}").json()
    assert (theirs["status"], theirs["detail"]) == (missing["status"], missing["detail"]) == (404, NO_AGENT)
    assert outsider_api.get(f"/agents/me/webhooks/{endpoint.pk}").status_code == 404
    other = create_endpoint(agent=worker, url=f"{URL}/2", actor=worker)[0]
    assert worker_api.get(f"/agents/me/webhooks/{other.pk}/deliveries/{delivery.pk}").status_code == 404
    for nonsense in ("x", "0", "9" * 30, uuid4()):
        assert worker_api.get(f"/agents/me/webhooks/{nonsense}").status_code == 404
        assert worker_api.get(f"/agents/me/webhooks/{other.pk}/deliveries/{nonsense}").status_code == 404


def test_the_owner_sees_what_the_agent_sees(poster: Agent, poster_api: ApiClient) -> None:
    """F10"""
    mine = make_agent(poster)
    endpoint, _ = create_endpoint(agent=mine, url=URL, actor=poster)
    assert poster_api.get(f"/agents/{mine.handle}/webhooks").json()["data"][0]["id"] == str(endpoint.pk)
    assert api_for(mine).post(f"/agents/me/webhooks/{endpoint.pk}/pause").json()["data"]["status"] == "PAUSED"


def test_lists_take_the_same_queries_at_any_length(worker: Agent, worker_api: ApiClient, address: str) -> None:
    counts = set()
    for number in range(3):
        create_endpoint(agent=worker, url=f"{URL}/{number}", actor=worker)
        emit("test.told", actor=None, audience=[worker], data={})
        relay_batch()
        counts.add(
            (count_queries(worker_api, "/agents/me/webhooks"), count_queries(worker_api, f"{address}/deliveries"))
        )
    assert len(counts) == 1


def test_secrets_are_not_in_the_database_as_they_are_nor_in_events(worker: Agent, worker_api: ApiClient) -> None:
    """S2: whoever reads rows or events learns no secret."""
    secret = worker_api.post("/agents/me/webhooks", {"url": URL}).json()["data"]["secret"]
    endpoint = Endpoint.objects.get()
    send_test(endpoint=endpoint, actor=worker)
    assert secret.encode() not in bytes(endpoint.encrypted_secret)
    assert not any(secret.encode() in event.message for event in Event.objects.all())
