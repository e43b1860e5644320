"""Stories that cross from this wire into /v1 and the pages, and back. The oracle looks at the books after each."""

from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from jobs.models import Job
from marketplace.money import MICRO
from tests import factories
from tests.fixtures import ApiClient, api_for
from tests.marketplace.dialects.molted import document
from tests.marketplace.dialects.molted.market import PLAIN, Molted, bid_on, hired_job, post_job


def native(api: Molted) -> ApiClient:
    """The same agent at /v1, with the same key."""
    return ApiClient(api.key)


def done(response: Any) -> Any:
    assert response.status_code in {200, 201}, response.content
    return response.json()["data"]


def test_a_job_posted_here_is_worked_at_v1(poster: Molted) -> None:
    """Seen, bid on, begun, handed in and paid: each side in its own words."""
    worker = factories.make_agent(name="Wanda")
    api = api_for(worker)
    job = post_job(poster)
    [found] = done(api.get("/jobs"))
    assert (found["id"], found["budgetUsdc"], found["status"]) == (job, "50.00", "OPEN")
    assert found["escrowFunded"]
    assert found["terms"]["rejection"] == "refund"
    assert found["inputData"] == {
        "summary": PLAIN["description_short"],
        "deliveryInstructions": PLAIN["delivery_instructions"],
    }
    assert PLAIN["description_full"] in found["description"]
    bid = done(api.post(f"/jobs/{job}/bids", {"amount": "12.50", "coverLetter": "At once."}))["id"]
    [read] = poster.does("GET", f"/bids?job_id={job}")["bids"]
    assert (read["id"], read["amount"], read["message"]) == (bid, 12.5, "At once.")
    poster.does("POST", "/hire", {"job_id": job, "bid_id": bid})
    done(api.patch(f"/jobs/{job}/start"))
    done(api.post(f"/jobs/{job}/messages", {"content": "Begun."}))
    [message] = poster.does("GET", f"/jobs/{job}/messages")["messages"]
    assert (message["content"], message["sender"]["name"]) == ("Begun.", "Wanda")
    done(api.patch(f"/jobs/{job}/submit", {"outputData": {"text": "done"}}))
    answer = poster.says(200, document.APPROVED, "POST", "/approve", {"job_id": job, "approved": True})
    assert answer["payment"] == {"amount": 12.5, "to_agent_id": str(worker.pk)}
    assert poster.balance == 87.5
    assert done(api.get("/agents/me/wallet"))["availableUsdc"] == "12.50"


def test_a_native_job_is_worked_here(worker: Molted) -> None:
    """And the other way round, under the native Terms with their fee."""
    person = factories.make_person("Paula", funds=factories.FUNDS)
    job = factories.open_job(person, budget=30 * MICRO, description="One line.\n\nAnother.")
    row = worker.says(200, document.DETAIL | {"delivery_instructions": None}, "GET", f"/jobs/{job.pk}")
    assert (row["reward_usdc"], row["description_short"]) == (30, "One line. Another.")
    assert row["description_full"] == "One line.\n\nAnother."
    bid = bid_on(str(job.pk), worker, 20)
    api = api_for(person)
    done(api.post(f"/jobs/{job.pk}/bids/{bid}/accept"))
    assert worker.does("GET", f"/jobs/{job.pk}")["status"] == "in_progress"
    worker.does("POST", "/complete", {"job_id": str(job.pk), "proof_text": "Done."})
    assert done(api.get(f"/jobs/{job.pk}"))["submission"]["outputData"] == {"proofText": "Done."}
    done(api.patch(f"/jobs/{job.pk}/approve"))
    assert worker.balance == 119
    assert worker.types()[-1] == ("job_payment", 19)
    assert worker.does("GET", f"/jobs/{job.pk}")["status"] == "completed"


def test_a_native_rejection_asks_for_changes_and_is_not_said_here(poster: Molted, worker: Molted) -> None:
    """“Reject” refunds and ends the job on this wire; where the Terms say otherwise, nothing moves."""
    agent = Agent.objects.get(pk=poster.id)
    job = factories.submitted_job(agent, Agent.objects.get(pk=worker.id), price=MICRO, budget=MICRO)
    response = poster.post("/approve", {"job_id": str(job.pk), "approved": False})
    assert (response.status_code, set(response.json())) == (400, {"error"})
    assert Job.objects.get(pk=job.pk).status == "IN_REVIEW"
    done(native(poster).patch(f"/jobs/{job.pk}/reject", {"reason": "Too short."}))
    assert worker.does("GET", f"/jobs/{job.pk}")["status"] == "in_progress"
    worker.does("POST", "/complete", {"job_id": str(job.pk), "proof_text": "Longer."})
    poster.does("POST", "/approve", {"job_id": str(job.pk), "approved": True})


def test_a_job_of_this_wire_is_refused_at_v1(poster: Molted, worker: Molted) -> None:
    """The native “reject” follows the Terms too: it refunds, and both wires say so."""
    job = hired_job(poster, worker)
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Done."})
    done(native(poster).patch(f"/jobs/{job}/reject", {"reason": "Not what was asked."}))
    assert poster.does("GET", f"/jobs/{job}")["status"] == "rejected"
    assert done(native(worker).get(f"/jobs/{job}"))["status"] == "CANCELLED"
    assert poster.balance == 100


def test_structured_output_is_handed_in_at_v1(worker: Molted) -> None:
    """What this wire has no words for is said, and nothing is begun by halves."""
    person = factories.make_person("Paula", funds=factories.FUNDS)
    job = factories.assigned_job(person, Agent.objects.get(pk=worker.id))
    from jobs.models import JobTemplate

    template = JobTemplate.objects.create(
        slug="essay", name="Essay", output_schema={"type": "object", "required": ["essay"]}
    )
    asked = factories.assigned_job(person, Agent.objects.get(pk=worker.id), template=template)
    answers = [worker.post("/complete", {"job_id": str(one.pk), "proof_text": "x"}) for one in (asked, job)]
    assert [answer.status_code for answer in answers] == [400, 201]
    assert Job.objects.get(pk=asked.pk).status == "ASSIGNED"


def test_a_dispute_shows_as_in_progress_and_its_ruling_as_the_end(poster: Molted, worker: Molted) -> None:
    from disputes.services import open_dispute, resolve_dispute

    job = hired_job(poster, worker)
    worker.does("POST", "/complete", {"job_id": job, "proof_text": "Done."})
    found = Job.objects.get(pk=job)
    dispute = open_dispute(job=found, actor=Agent.objects.get(pk=worker.id), reason="No answer for days.")
    assert poster.does("GET", f"/jobs/{job}")["status"] == "in_progress"
    operator = factories.make_person("Olga", is_staff=True)
    resolve_dispute(dispute=dispute, actor=operator, to_poster=20 * MICRO, note="Half of it was done.")
    assert poster.does("GET", f"/jobs/{job}")["status"] == "completed"
    assert poster.types()[-2:] == [("job_payment", 30), ("job_refund", 20)] or set(poster.types()[-2:]) == {
        ("job_payment", 30),
        ("job_refund", 20),
    }
    assert worker.types()[-1] == ("job_payment", 30)


def test_the_pages_show_a_job_of_this_wire(poster: Molted, worker: Molted) -> None:
    job = hired_job(poster, worker)
    page = Client().get(f"/jobs/{job}/").text
    for text in ("Job Title", PLAIN["description_full"], PLAIN["delivery_instructions"], "Poster Agent"):
        assert str(text) in page


def test_what_has_no_word_here_is_in_the_ledger_of_v1(db: None) -> None:
    """Deposits are none of the four types."""
    agent = factories.make_agent(funds=5 * MICRO)
    api = Molted(api_for(agent).key)
    assert (api.balance, api.types()) == (5, [])
    assert [row["type"] for row in done(native(api).get("/agents/me/wallet/transactions"))] == ["DEPOSIT"]


@pytest.mark.parametrize("amount", [MICRO // 3, MICRO - 1, 1])
def test_amounts_that_are_no_whole_tokens_are_said_exactly(db: None, amount: int) -> None:
    agent = factories.make_agent(funds=amount)
    api = Molted(api_for(agent).key)
    assert round(api.says(200, document.BALANCE, "GET", "/balance")["balance"] * MICRO) == amount
