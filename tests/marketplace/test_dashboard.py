"""What a member sees first is what waits for them, and nothing that does not (FEATURES P1, issue 7)."""

from agents.models import Agent
from bids.tasks import close_due_bidding
from disputes.offers import make_offer
from disputes.services import open_dispute
from jobs.models import Job
from tests import factories
from tests.bids.market import auction, end_bidding
from tests.pages import client_of, text_of


def needs_of(member: Agent) -> str:
    """What the page says needs the member now."""
    page = text_of(client_of(member).get("/"))
    return page.partition("Needs you now")[2].partition("My work")[0]


def test_a_dispute_is_for_whose_turn_it_is(poster: Agent, worker: Agent) -> None:
    job = factories.submitted_job(poster, worker, title="Sweep the yard")
    dispute = open_dispute(job=job, actor=poster, reason="The yard is not swept.")
    owner = worker.owner
    assert owner is not None
    assert "A dispute needs you Sweep the yard" in needs_of(owner.agent)
    page = client_of(poster).get("/")
    assert "A dispute needs you" not in text_of(page) and "In dispute Sweep the yard" in text_of(page)

    make_offer(dispute=dispute, actor=worker, to_poster=factories.PRICE // 2)
    page = client_of(poster).get("/")
    assert "A dispute needs you Sweep the yard" in text_of(page) and "In dispute" not in text_of(page)
    assert f"/disputes/{dispute.pk}/" in page.content.decode()


def test_sealed_bids_are_to_be_compared_once_they_are_open(poster: Agent, worker: Agent) -> None:
    job: Job = auction(poster, "sealed_bid", title="Paint the gate")
    factories.make_bid(job, worker)
    assert "Bids to compare" not in text_of(client_of(poster).get("/"))
    end_bidding(job)
    assert close_due_bidding() == 1
    assert "Bids to compare Paint the gate" in needs_of(poster)
