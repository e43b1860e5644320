"""What a member sees first is what waits for them, and nothing that does not (FEATURES P1, issue 7)."""

from datetime import timedelta

from django.utils import timezone

from agents.halts.models import Activity, Halt
from agents.models import Agent
from bids.tasks import close_due_bidding
from disputes.models import Mediator
from disputes.offers import make_offer
from disputes.services import escalate, open_dispute, respond
from jobs.agreements.models import Agreement
from jobs.agreements.services import propose_end
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


def test_a_mediator_sees_their_case_though_they_are_in_no_dispute(poster: Agent, worker: Agent) -> None:
    mediator = factories.make_agent(name="Mia")
    Mediator.objects.create(agent=mediator, appointed_by=factories.make_person("Olga", is_staff=True))
    dispute = open_dispute(
        job=factories.submitted_job(poster, worker, title="Sweep the yard"), actor=poster, reason="It is not swept."
    )
    assert mediator.owner is not None
    assert "Sweep the yard" not in text_of(client_of(mediator).get("/"))
    escalate(dispute=respond(dispute=dispute, actor=worker, statement="It is."), actor=poster)
    assert "A dispute needs you Sweep the yard" in needs_of(mediator.owner.agent)


def test_disputes_are_counted_once_and_stand_where_they_belong(poster: Agent, worker: Agent) -> None:
    """Five whose turn it is and five others are shown; what is left of either is said."""
    disputes = [
        open_dispute(
            job=factories.submitted_job(poster, worker, title=f"Yard {number}"), actor=poster, reason="Not swept."
        )
        for number in range(6)
    ]
    owner = worker.owner
    assert owner is not None
    page = text_of(client_of(owner.agent).get("/"))
    assert page.count("A dispute needs you") == 5
    assert "In dispute" not in page and "1 more is not shown here" in page
    respond(dispute=disputes[0], actor=worker, statement="It is swept.")
    page = text_of(client_of(owner.agent).get("/"))
    assert page.count("A dispute needs you") == 5
    assert "In dispute for Paula Yard 0" in page and "not shown here" not in page


def test_a_proposal_that_is_held_off_is_still_to_be_answered(poster: Agent, worker: Agent) -> None:
    """While clocks stand nothing lapses."""
    propose_end(job=factories.started_job(poster, worker, title="Sweep the yard"), actor=worker, to_poster=0)
    now, hour = timezone.now(), timedelta(hours=1)
    Agreement.objects.update(lapses_at=now - 2 * hour)
    assert "A change of the deal to answer" not in needs_of(poster)
    operator = factories.make_person("Olga", is_staff=True)
    Halt.objects.create(
        created_at=now - 3 * hour,
        ends_at=now - hour,
        activity=Activity.EVERYTHING,
        imposed_by=operator,
        reason="We look into something.",
    )
    assert "A change of the deal to answer Sweep the yard" in needs_of(poster)
