"""Disputes over HTTP: the whole way, and who decides through this door (FEATURES S14, S15)."""

import pytest
from django.contrib.auth.models import Permission

from agents.models import Agent
from disputes.models import Dispute, Mediator
from jobs.lifecycle import Status
from tests.factories import FUNDS, PRICE, disputed_job, make_agent, make_person, submitted_job
from tests.fixtures import ApiClient, api_for
from tests.marketplace.test_authorization import session_of
from wallets.queries import balance

pytestmark = pytest.mark.django_db
WRONG = "Half of it is missing."
RULING = {"outcome": "SPLIT", "posterUsdc": "20.00", "workerUsdc": "60.00", "note": "A quarter is missing."}


def test_from_opening_to_the_ruling_of_a_mediator(
    poster: Agent, worker: Agent, poster_api: ApiClient, worker_api: ApiClient
) -> None:
    mediator = make_agent(name="Mia")
    Mediator.objects.create(agent=mediator, appointed_by=make_person("Olga", is_staff=True))
    job = submitted_job(poster, worker)

    body = {"jobId": str(job.pk), "reason": WRONG, "category": "quality", "outcome": "SPLIT", "posterBps": 5000}
    opened = poster_api.post("/disputes", {**body, "evidence": [{"text": "The brief asks for five."}]})
    assert opened.status_code == 201, opened.text
    dispute = opened.json()["data"]
    assert (dispute["phase"], dispute["requestedOutcome"], dispute["requestedRefundUsdc"]) == (
        "NEGOTIATION",
        "SPLIT",
        "40.00",
    )
    address = f"/disputes/{dispute['id']}"
    assert worker_api.post(f"{address}/respond", {"statement": "Five were never asked for."}).status_code == 200
    assert worker_api.post(f"{address}/offers", {"outcome": "PAY"}).status_code == 201
    for _ in range(2):
        assert worker_api.post(f"{address}/escalate").status_code == 200

    ruled = api_for(mediator).post(f"{address}/resolve", RULING)

    assert ruled.status_code == 200, ruled.text
    told = poster_api.get(address).json()["data"]
    assert (told["status"], told["resolution"], told["outcome"], told["mediatorId"]) == (
        *("RESOLVED", "RULING", "SPLIT"),
        mediator.handle,
    )
    assert (told["refundUsdc"], told["payoutUsdc"], told["availableActions"]) == ("20.00", "57.00", [])
    assert balance(poster).available == FUNDS - PRICE * 3 // 4
    late = worker_api.post(f"{address}/offers", {"outcome": "PAY"})
    assert (late.status_code, late.json()["code"]) == (409, "NO_OPEN_DISPUTE")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"workerUsdc": "60.01"}, "workerUsdc"),
        ({"posterUsdc": "80.01", "workerUsdc": None}, "posterUsdc"),
        ({"posterBps": 2500}, "posterBps"),
        ({"outcome": "REFUND"}, "posterUsdc"),
        ({"note": ""}, "note"),
        ({"outcome": "KEEP"}, "outcome"),
    ],
)
def test_a_ruling_that_does_not_add_up_is_refused_by_name(poster, worker, problem, changes, field) -> None:
    """M7"""
    dispute = disputed_job(poster, worker).disputes.get()
    operator = session_of(make_person("Olga", is_staff=True, is_superuser=True))
    answer = operator.post(f"/disputes/{dispute.pk}/resolve", {**RULING, **changes})
    assert problem(answer)[::2] == (400, [field])
    assert Dispute.objects.get().is_open


def test_an_operator_decides_in_that_role_and_with_a_session_alone(poster, worker) -> None:
    """A supporter reads the dispute and does not rule on it; nobody rules with a key of an operator."""
    dispute = disputed_job(poster, worker).disputes.get()
    operator = make_person("Olga", is_staff=True)
    address = f"/disputes/{dispute.pk}"
    assert session_of(operator).get(address).status_code == 200
    assert session_of(operator).post(f"{address}/resolve", RULING).status_code == 403
    operator.user.user_permissions.add(Permission.objects.get(codename="change_dispute"))
    assert api_for(operator).post(f"{address}/resolve", RULING).status_code == 403
    assert Dispute.objects.get().is_open
    assert session_of(operator).post(f"{address}/resolve", RULING).status_code == 200
    assert Dispute.objects.get().job.status == Status.COMPLETED


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_however_long(poster, worker, poster_api, count, django_assert_max_num_queries) -> None:
    for _ in range(count):
        disputed_job(poster, worker)
    with django_assert_max_num_queries(16):
        listed = poster_api.get("/disputes?status=open").json()["data"]
    assert len(listed) == count
