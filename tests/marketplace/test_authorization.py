"""Who may do what over HTTP, for every operation of the OpenAPI document (SURVIVE S1, FEATURES J1, J2).

A new operation fails here until it has a row.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from agents.services import mint_api_key, revoke_api_key
from agents.webhooks.models import Delivery
from agents.webhooks.services import send_test, set_endpoint
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from marketplace.api.docs import openapi_document
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.factories import fund, job_in, make_person
from tests.fixtures import ApiClient, api_for
from tests.wallets.outside import ADDRESS
from tests.wallets.test_withdrawals import withdraw
from wallets.services import announce_deposit

ROLES = ("anonymous", "outsider", "worker", "poster")
ANYONE = (200, 200, 200, 200)
LOGGED_IN = (401, 200, 200, 200)
CREATED = (401, 201, 201, 201)
NOBODY = (401, 403, 403, 403)
POSTER = (401, 403, 403, 200)
WORKER = (401, 403, 200, 403)
DRAFT_OF_POSTER = (401, 404, 404, 200)
# Nobody else learns where an agent is told what happens, or whether it is.
HEARER = (401, 404, 200, 404)
# Operation → rows of (status of the job, body, what each of ROLES is answered; None: not asked). A second method for
# the same operation (submit by POST) has the same rows. The agent in an address is the worker.
ROWS: dict[str, list[tuple[Status, Any, tuple[int | None, ...]]]] = {
    "agentsList": [(Status.OPEN, None, ANYONE)],
    "agentsCreate": [(Status.OPEN, {"name": "New"}, CREATED)],
    "agentsRetrieve": [(Status.OPEN, None, ANYONE)],
    "agentsPartialUpdate": [(Status.OPEN, {"description": "Changed."}, WORKER)],
    "agentsMe": [(Status.OPEN, None, LOGGED_IN)],
    "agentsUpdateOwn": [(Status.OPEN, {"description": "Changed."}, LOGGED_IN)],
    "agentsHeartbeat": [(Status.OPEN, {"statusReport": "Busy."}, (401, 403, 201, 403))],
    "agentsOwnHeartbeat": [(Status.OPEN, None, CREATED)],
    "agentsWebhook": [(Status.OPEN, {"url": "http://127.0.0.1:9/"}, (401, 403, 201, 403))],
    "agentsTestWebhook": [(Status.OPEN, None, (401, 404, 201, 404))],
    "webhooksList": [(Status.OPEN, None, HEARER)],
    "webhooksCreate": [(Status.OPEN, {"url": "http://127.0.0.1:9/new"}, (401, 404, 201, 404))],
    "webhooksRetrieve": [(Status.OPEN, None, HEARER)],
    "webhooksPartialUpdate": [(Status.OPEN, {"name": "Changed"}, HEARER)],
    "webhooksDestroy": [(Status.OPEN, None, HEARER)],
    "webhooksPause": [(Status.OPEN, None, HEARER)],
    "webhooksResume": [(Status.OPEN, None, HEARER)],
    "webhooksRotateSecret": [(Status.OPEN, None, HEARER)],
    "webhooksTest": [(Status.OPEN, None, (401, 404, 201, 404))],
    "webhooksResend": [(Status.OPEN, {"since": "2026-01-01T00:00:00Z"}, HEARER)],
    "webhooksReplay": [(Status.OPEN, {"since": "2026-01-01T00:00:00Z"}, HEARER)],
    "webhookDeliveriesList": [(Status.OPEN, None, HEARER)],
    "webhookDeliveriesRetrieve": [(Status.OPEN, None, HEARER)],
    "webhookDeliveriesResend": [(Status.OPEN, None, HEARER)],
    "notificationsList": [(Status.ASSIGNED, None, WORKER)],
    "notificationsUnreadCount": [(Status.ASSIGNED, None, WORKER)],
    "notificationsMarkRead": [(Status.ASSIGNED, None, WORKER)],
    "notificationsReadAll": [(Status.ASSIGNED, None, WORKER)],
    "agentJobsList": [(Status.IN_REVIEW, None, LOGGED_IN)],
    "apiKeysList": [(Status.OPEN, None, WORKER)],
    "apiKeysCreate": [(Status.OPEN, {"name": "New"}, (401, 403, 201, 403))],
    "apiKeysRevoke": [(Status.OPEN, None, WORKER)],
    "walletsRetrieve": [(Status.OPEN, None, WORKER)],
    "walletsList": [(Status.OPEN, None, WORKER)],
    "auditRetrieve": [(Status.OPEN, None, ANYONE)],
    "auditList": [(Status.OPEN, None, ANYONE)],
    "walletsProvision": [(Status.OPEN, None, WORKER)],
    # The worker has no money; whether it may ask is known before that.
    "withdrawalsCreate": [(Status.OPEN, {"toAddress": ADDRESS, "amountUsdc": "1"}, (401, 403, 402, 403))],
    "withdrawalsCreateOf": [
        (Status.OPEN, {"agentId": "{worker}", "toAddress": ADDRESS, "amountUsdc": "1"}, (401, 403, 402, 403))
    ],
    "withdrawalsList": [(Status.OPEN, None, WORKER)],
    "withdrawalsRetrieve": [(Status.OPEN, None, (401, 403, 200, 403))],
    "depositsList": [(Status.OPEN, None, WORKER)],
    "depositsCreate": [(Status.OPEN, {"amountUsdc": "5"}, (401, 403, 201, 403))],
    "depositsRetrieve": [(Status.OPEN, None, (401, 403, 200, 403))],
    # The worker's owner alone decides on its budget, and nobody has granted one.
    "budgetsList": [(Status.OPEN, None, LOGGED_IN)],
    "budgetsRetrieve": [(Status.OPEN, None, (401, 403, 404, 403))],
    "budgetsUpdate": [(Status.OPEN, {"perJobUsdc": "1", "dailyUsdc": "2", "monthlyUsdc": "3"}, NOBODY)],
    "budgetsPartialUpdate": [(Status.OPEN, {"dailyUsdc": "2"}, NOBODY)],
    "budgetsDestroy": [(Status.OPEN, None, NOBODY)],
    "budgetsPause": [(Status.OPEN, None, NOBODY)],
    "budgetsResume": [(Status.OPEN, None, NOBODY)],
    "eventsList": [(Status.OPEN, None, LOGGED_IN)],
    "eventsStream": [(Status.OPEN, None, (401, 307, 307, 307))],
    "healthGet": [(Status.OPEN, None, ANYONE)],
    "templatesList": [(Status.OPEN, None, ANYONE)],
    "templatesRetrieve": [(Status.OPEN, None, ANYONE)],
    "jobsList": [(Status.OPEN, None, ANYONE)],
    "jobsCreate": [(Status.OPEN, {"title": "New", "budgetUsdc": "5"}, CREATED)],
    "jobsRetrieve": [(Status.OPEN, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobsPartialUpdate": [
        (Status.OPEN, {"title": "Changed"}, POSTER),
        (Status.DRAFT, {"title": "Changed"}, DRAFT_OF_POSTER),
        (Status.ASSIGNED, {"title": "Changed"}, (401, 403, 403, 409)),
    ],
    "jobsPublish": [(Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobsAssign": [(Status.OPEN, {"agentId": "{worker}"}, POSTER)],
    "jobsStart": [(Status.ASSIGNED, None, WORKER), (Status.OPEN, None, (401, 403, 403, 403))],
    "jobsProgress": [(Status.IN_PROGRESS, {"percent": 50}, WORKER)],
    "jobsSubmit": [(Status.IN_PROGRESS, {"outputData": {"text": "done"}}, WORKER)],
    "jobsApprove": [(Status.IN_REVIEW, None, POSTER), (Status.IN_PROGRESS, None, (401, 403, 403, 409))],
    "jobsTip": [
        (Status.COMPLETED, {"amountUsdc": "1"}, POSTER),
        (Status.IN_REVIEW, {"amountUsdc": "1"}, (401, 403, 403, 409)),
    ],
    "jobsReject": [(Status.IN_REVIEW, {"reason": "Too long."}, POSTER)],
    "jobsCancel": [(Status.OPEN, None, POSTER), (Status.COMPLETED, None, (401, 403, 403, 409))],
    "jobEventsList": [(Status.IN_REVIEW, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "bidsList": [(Status.OPEN, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    # The worker has a bid already, and nobody bids on a job of their own.
    "bidsCreate": [(Status.OPEN, {"amount": "50"}, (401, 201, 409, 403))],
    "bidsApply": [(Status.OPEN, {"bidAmount": "50"}, (401, 201, 409, 403))],
    "bidsAllowance": [(Status.OPEN, None, WORKER)],
    # The worker may, and has no money.
    "bidsBuy": [(Status.OPEN, {"quantity": 1}, (401, 403, 402, 403))],
    "bidsBuyExtra": [(Status.OPEN, {"quantity": 1, "agentId": "{worker}"}, (401, 403, 402, 403))],
    # An outsider may not know of the bid.
    "bidsAccept": [(Status.OPEN, None, (401, 404, 403, 200))],
    "bidsDestroy": [(Status.OPEN, None, (401, 404, 200, 403))],
    "disputesList": [(Status.DISPUTED, None, (401, 404, 200, 200))],
    # Either party, but one dispute at a time.
    "disputesCreate": [
        (Status.IN_REVIEW, {"reason": "Not what was agreed."}, (401, 403, 201, None)),
        (Status.IN_PROGRESS, {"reason": "Not what was agreed."}, (401, 403, None, 201)),
    ],
}


@dataclass(frozen=True)
class Operation:
    method: str
    address: str
    name: str

    @property
    def row_name(self) -> str:
        return self.name.removesuffix("Post").removesuffix("Patch")


@cache
def operations() -> list[Operation]:
    return [
        Operation(method.upper(), address.removeprefix("/v1"), operation["operationId"])
        for address, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    ]


def cases():
    for operation in operations():
        for row in ROWS.get(operation.row_name, []):
            yield pytest.param(operation, *row, id=f"{operation.name}-{row[0]}")


@pytest.fixture
def scene(poster, worker, outsider, settings):
    """Clients of all roles, and what fills an address."""
    settings.STREAM_URL = "http://127.0.0.1:9"

    class Scene:
        clients = {
            "anonymous": ApiClient(),
            "outsider": api_for(outsider),
            "worker": api_for(worker),
            "poster": api_for(poster),
        }

        def make(self, status: Status) -> Job:
            JobTemplate.objects.create(slug="essay", name="Essay")
            return job_in(status, poster, worker)

        def address(self, template: str, job: Job) -> str:
            spare, _ = mint_api_key(agent=worker, name="spare", actor=worker)
            test = webhook_test(worker) if "/webhook" in template else None
            own: Any
            own_id = {"/agents": worker.handle, "/jobs": job.pk, "/templates": "essay"}
            if template.endswith(("/accept", "/bids/{id}")):
                own = job.bids.get().pk
            elif test and "/deliveries/{id}" in template:
                own = test.pk
            elif "/webhooks/{id}" in template:
                own = test.endpoint_id
            elif "/notifications/{id}" in template:
                relay_batch()
                own = worker.notifications.latest("id").pk
            elif template.endswith("/revoke"):
                own = spare.pk
            elif template.endswith("/withdrawals/{id}"):
                own = withdraw(fund(worker, MICRO), MICRO).pk
            elif template.endswith("/deposits/{id}"):
                own = announce_deposit(agent=worker, amount=MICRO, actor=worker).pk
            else:
                own = next((own for start, own in own_id.items() if template.startswith(start)), "")
            return template.format(
                id=own, agentId=worker.handle, jobId=job.pk, endpointId=test.endpoint_id if test else ""
            )

    return Scene()


def webhook_test(agent: Agent) -> Delivery:
    """What was sent to a webhook of the agent."""
    endpoint, _ = set_endpoint(agent=agent, url="http://127.0.0.1:9/hooks", actor=agent)
    return send_test(endpoint=endpoint, actor=agent)


def test_every_operation_has_a_row():
    assert {operation.row_name for operation in operations()} == set(ROWS)


@pytest.mark.parametrize(("operation", "status", "body", "answers"), list(cases()))
def test_each_role_is_answered_as_the_table_says(scene, worker, operation, status, body, answers):
    """Refusals first: they change nothing, or those who may would not be answered as they are."""
    job = scene.make(status)
    address = scene.address(operation.address, job)
    sent = {name: worker.handle if value == "{worker}" else value for name, value in body.items()} if body else None
    before = Event.objects.count()
    asked = [(role, answer) for role, answer in zip(ROLES, answers, strict=True) if answer]
    expected = sorted(asked, key=lambda pair: pair[1] < 400)
    for role, answer in expected:
        if answer < 400:
            break
        response = scene.clients[role].send(operation.method, address, sent)
        assert (role, response.status_code) == (role, answer), response.content
        assert Event.objects.count() == before
    for role, answer in expected:
        if answer < 400:
            response = scene.clients[role].send(operation.method, address, sent)
            assert (role, response.status_code) == (role, answer), response.content


@pytest.mark.parametrize("operation", [op for op in operations() if op.name != "healthGet"], ids=lambda op: op.name)
def test_a_dead_key_opens_nothing(scene, worker, operation):
    """S2: revoked or invented, even where nobody needs a key."""
    address = scene.address(operation.address, scene.make(Status.OPEN))
    key, raw = mint_api_key(agent=worker, name="old", actor=worker)
    revoke_api_key(key=key, actor=worker)
    for dead in (raw, "mj_live_invented", "mj_live_", "", "é"):
        response = ApiClient().send(operation.method, address, x_api_key=dead)
        assert (dead, response.status_code) == (dead, 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Api-Key": "{key}"}, 200),
        ({"Authorization": "Bearer {key}"}, 200),
        ({"Authorization": "bearer {key}", "X-Api-Key": "{key}"}, 200),
        ({"Authorization": "Bearer other", "X-Api-Key": "{key}"}, 401),
        ({"Authorization": "Basic {key}"}, 401),
        ({}, 401),
    ],
)
def test_a_key_comes_in_either_header(worker, headers, status):
    """J1, WIRE 1.1"""
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    response = Client().get("/v1/agents/me", headers={name: value.format(key=raw) for name, value in headers.items()})
    assert response.status_code == status


def logged_in() -> Client:
    client, user = Client(), make_person("Paula").user
    assert user is not None
    client.force_login(user)
    return client


def test_a_key_in_the_address_is_no_key(worker):
    """S2"""
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    assert Client().get(f"/v1/agents/me?apiKey={raw}&api_key={raw}").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://testserver"}, 201),
        ({"Referer": "http://testserver/jobs/"}, 201),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "https://testserver"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Referer": "http://evil.example/http://testserver/"}, 403),
        ({"Origin": "http://evil.example", "Referer": "http://testserver/"}, 403),
        ({"Origin": "http://[", "X-Csrf-Token": "x"}, 403),
    ],
)
def test_a_cookie_changes_things_from_this_site_alone(db, headers, status):
    """J2, S3"""
    client = logged_in()
    before = Job.objects.count()
    sent = {"title": "T", "budgetUsdc": "1"}
    response = client.post("/v1/jobs", sent, content_type="application/json", headers=headers)
    assert response.status_code == status, response.content
    assert Job.objects.count() - before == (status == 201)
    assert client.get("/v1/agents/me").status_code == 200


def test_a_key_beside_a_cookie_decides_alone(worker):
    """S3: a wrong key is not helped by a cookie, a right one needs no origin."""
    client = logged_in()
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    assert client.get("/v1/agents/me", headers={"X-Api-Key": "mj_live_wrong"}).status_code == 401
    assert client.get("/v1/agents/me", headers={"X-Api-Key": raw}).json()["data"]["id"] == worker.handle
