"""What a finished job cost one side and brought the other, on paper; and what is given on top."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from disputes.services import open_dispute, resolve_dispute
from jobs.models import Job
from jobs.services import tip_job
from marketplace.money import MICRO
from tests import factories
from tests.pages import client_of, text_of
from wallets.models import Entry
from wallets.queries import balance, reference


def receipt_of(agent: Agent, job: Job) -> Any:
    return client_of(agent).get(f"/jobs/{job.pk}/receipt/")


def test_each_side_has_the_receipt_of_its_own_money(poster: Agent, worker: Agent) -> None:
    job = factories.completed_job(poster, worker, title="Mend the roof")
    tip_job(job=job, actor=poster, amount=5 * MICRO)
    moved = Entry.objects.filter(transfer__job=job, account__owner=poster).select_related("transfer")

    paid, earned = text_of(receipt_of(poster, job)), text_of(receipt_of(worker, job))

    assert "Agreed price 80.00 USDC Tip 5.00 USDC Paid 85.00 USDC" in paid
    assert "of which fee of the marketplace 4.00 USDC" in paid
    assert "Agreed price 80.00 USDC Fee of the marketplace −4.00 USDC Tip 5.00 USDC Earned 81.00 USDC" in earned
    assert all(reference(entry.transfer) in paid for entry in moved)
    assert "Held in escrow for “Mend the roof”" in paid
    assert "Held in escrow" not in earned
    assert "Paid for “Mend the roof”" in earned
    assert "Paid by Paula" in earned
    assert "Done by Wanda" in paid
    numbers = [receipt_of(side, job).context["receipt"].number for side in (poster, poster, worker)]
    assert numbers[0] == numbers[1] != numbers[2]


def test_what_clears_later_is_earned_once(poster: Agent, worker: Agent) -> None:
    job = factories.completed_job(poster, worker, terms={"dispute_window_seconds": 3600})

    earned = text_of(receipt_of(worker, job))

    assert "Earned 76.00 USDC" in earned
    assert f"Clears on {job.matures_at.day} {job.matures_at:%B %Y}" in earned


def test_a_job_that_was_cancelled_cost_its_fee(poster: Agent, worker: Agent) -> None:
    job = factories.cancelled_job(poster, worker, terms={"cancel_fee_bps": 1000})

    assert "Returned to Paula −72.00 USDC Paid 8.00 USDC" in text_of(receipt_of(poster, job))
    assert "Earned 0.00 USDC" in text_of(receipt_of(worker, job))


def test_a_ruling_is_told_to_both(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker, terms={"dispute_fee_bps": 1000})
    dispute = open_dispute(job=job, actor=poster, reason="Half of it is missing.")
    operator = factories.make_person("Olga", is_staff=True)
    resolve_dispute(dispute=dispute, actor=operator, to_poster=30 * MICRO, note="Half of it is there.")

    assert "Returned to Paula −30.00 USDC Paid 50.00 USDC" in text_of(receipt_of(poster, job))
    earned = text_of(receipt_of(worker, job))
    assert "Returned to Paula −30.00 USDC Fee of the marketplace −5.00 USDC Earned 45.00 USDC" in earned
    assert receipt_of(operator, job).status_code == 404


def test_nobody_else_finds_it_and_nobody_before_the_end(poster: Agent, worker: Agent, outsider: Agent) -> None:
    job = factories.completed_job(poster, worker)
    unfinished = factories.submitted_job(poster, worker)
    free = factories.cancelled_job(poster)

    assert receipt_of(outsider, job).status_code == 404
    assert [receipt_of(poster, other).status_code for other in (unfinished, free)] == [404, 404]
    assert Client().get(f"/jobs/{job.pk}/receipt/")["Location"].startswith("/account/login/")


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_job_and_the_ledger_lead_to_it(poster: Agent, worker: Agent, outsider: Agent, cancelled: bool) -> None:
    job = (factories.cancelled_job if cancelled else factories.completed_job)(poster, worker)
    link = f"/jobs/{job.pk}/receipt/"

    assert link in client_of(poster).get(f"/jobs/{job.pk}/").content.decode()
    assert link in client_of(poster).get("/wallet/").content.decode()
    assert link not in client_of(outsider).get(f"/jobs/{job.pk}/").content.decode()


def test_a_receipt_costs_the_same_however_much_moved(poster: Agent, worker: Agent) -> None:
    plain = factories.completed_job(poster, worker)
    tipped = factories.completed_job(poster, worker)
    tip_job(job=tipped, actor=poster, amount=MICRO)
    client = client_of(poster)

    def cost(job: Job) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/jobs/{job.pk}/receipt/")
        return len(queries)

    assert cost(plain) == cost(tipped)


# Tips


def test_approval_with_a_tip_pays_both_at_once(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)
    asked = text_of(client_of(poster).get(f"/jobs/{job.pk}/approve/"))
    client_of(poster).post(f"/jobs/{job.pk}/approve/", {"tip": "2.50"})

    assert "Your wallet holds 920.00 USDC" in asked
    assert balance(worker).available == 78_500_000
    page = text_of(client_of(poster).get(f"/jobs/{job.pk}/"))
    assert "76.00 USDC of the 80.00 USDC went to Wanda. The tip was 2.50 USDC ." in page
    assert "Paula gave a tip of 2.50 USDC" in page
    assert "Give a tip" not in page


def test_a_tip_that_is_not_there_leaves_the_job_in_review(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker)
    response = client_of(poster).post(f"/jobs/{job.pk}/approve/", {"tip": "920.01"})

    job.refresh_from_db()
    assert (response.status_code, job.status) == (402, "IN_REVIEW")
    assert "920.00" in str(response.context["form"].errors["tip"])
    assert balance(worker).available == 0


def test_a_completed_job_is_tipped_once(poster: Agent, worker: Agent, outsider: Agent) -> None:
    job = factories.completed_job(poster, worker)
    address = f"/jobs/{job.pk}/tip/"
    assert "Give a tip" in text_of(client_of(poster).get(f"/jobs/{job.pk}/"))

    empty = client_of(poster).post(address, {"tip": ""})
    given = client_of(poster).post(address, {"tip": "3"})
    again = client_of(poster).post(address, {"tip": "3"})
    others = [client_of(other).post(address, {"tip": "3"}).status_code for other in (worker, outsider)]

    assert (empty.status_code, given.status_code, again.status_code, others) == (400, 302, 409, [403, 403])
    assert "This job has had its tip." in text_of(again)
    assert balance(worker).available == 79 * MICRO


def test_a_payout_that_clears_later_says_when(poster: Agent, worker: Agent) -> None:
    job = factories.completed_job(poster, worker, terms={"dispute_window_seconds": 3600})

    page = text_of(client_of(poster).get(f"/jobs/{job.pk}/"))

    assert f"It clears, when the time for disputes is over, on {job.matures_at.day} {job.matures_at:%B %Y}" in page
