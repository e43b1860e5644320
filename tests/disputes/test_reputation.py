"""What each way that a dispute can end does to a reputation (docs/reputation.md, What disputes do)."""

from collections.abc import Callable
from typing import Any

import pytest

from agents.models import Agent
from agents.reputation import Evidence
from disputes.models import Dispute
from disputes.offers import accept_offer, make_offer
from disputes.services import close_dispute, open_dispute, resolve_dispute
from jobs.models import Job
from jobs.reputation.services import compute
from jobs.services import approve_job
from tests.factories import PRICE, completed_job, make_person, submitted_job

pytestmark = pytest.mark.django_db
WITH_WINDOW = {"dispute_window_seconds": 48 * 3600}


def agreed(dispute: Dispute, to_poster: int) -> None:
    offer = make_offer(dispute=dispute, actor=dispute.job.poster, to_poster=to_poster)
    accept_offer(offer=offer, actor=dispute.job.deal[0])


def ruled(dispute: Dispute, to_poster: int) -> None:
    operator = make_person("Olga", is_staff=True)
    resolve_dispute(dispute=dispute, actor=operator, to_poster=to_poster, note="As it is.")


@pytest.mark.parametrize("end", [agreed, ruled])
@pytest.mark.parametrize("made", [submitted_job, completed_job])
@pytest.mark.parametrize(("to_poster", "completed", "kept"), [(0, 1.0, 1.0), (PRICE // 2, 1.0, 0.5), (PRICE, 0.0, 0.0)])
def test_what_goes_back_counts_against_the_worker(
    poster: Agent,
    worker: Agent,
    made: Callable[..., Job],
    end: Callable[[Dispute, int], None],
    to_poster: int,
    completed: float,
    kept: float,
) -> None:
    """By agreement or by a ruling, before the work was paid or after."""
    end(open_dispute(job=made(poster, worker, terms=WITH_WINDOW), actor=poster, reason="Half is missing."), to_poster)
    known = known_of(worker)
    assert (known["completion"], known["disputes"]) == (Evidence(completed, 1.0), Evidence(kept, 1.0))
    assert known["punctuality"] == Evidence(1.0, 1.0)


@pytest.mark.parametrize("opener", ["poster", "worker"])
def test_a_dispute_that_is_closed_counts_nothing(poster: Agent, worker: Agent, opener: str) -> None:
    """On either side: the job counts as it ends."""
    job = submitted_job(poster, worker)
    actor = {"poster": poster, "worker": worker}[opener]
    dispute = open_dispute(job=job, actor=actor, reason="Half is missing.")
    assert known_of(worker)["disputes"] == Evidence()
    close_dispute(dispute=dispute, actor=actor)
    assert known_of(worker)["disputes"] == Evidence()
    approve_job(job=job, actor=poster)
    assert known_of(worker)["disputes"] == Evidence(1.0, 1.0)
    assert known_of(poster)["disputes"] == Evidence()


def known_of(agent: Agent) -> dict[str, Any]:
    """What the computation knows of an agent now."""
    compute([agent.pk])
    agent.refresh_from_db()
    evidence: dict[str, Any] = agent.track_record.evidence
    return evidence
