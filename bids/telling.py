"""What bids say of themselves as they come, change and go; of sealed ones, only how many there are."""

from collections.abc import Sequence
from typing import Any

from agents.models import Agent
from bids import ranking
from bids.models import Bid
from jobs.models import Job
from jobs.queries import is_sealed
from marketplace.events import services as events
from marketplace.events.models import Event
from marketplace.events.services import NewEvent
from marketplace.money import format_usdc


def tell_placed(bid: Bid, job: Job, actor: Agent) -> None:
    """The poster hears of a new bid."""
    if is_sealed(job):
        tell_count(job)
    else:
        tell("bid.received", bid, job, actor, audience=[job.poster])


def tell_lowered(bid: Bid, job: Job, actor: Agent) -> None:
    """The poster hears of a lower price."""
    tell("bid.lowered", bid, job, actor, audience=[job.poster])


def tell_withdrawn(bid: Bid, job: Job, actor: Agent, reason: str) -> None:
    """The poster hears of a bid that was taken back."""
    if is_sealed(job):
        tell_count(job)
    else:
        tell("bid.withdrawn", bid, job, actor, audience=[job.poster, bid.bidder], reason=reason)


def tell_rejected(bids: Sequence[Bid], job: Job, actor: Agent | None) -> None:
    """The bidders hear of it, each of theirs; what a job that ended before its time kept sealed stays so."""
    told = {"is_secret": bool(bids) and is_sealed(job)}
    events.record_all(
        [_event("bid.rejected", bid, job, actor, audience=[bid.bidder], **told, reason=bid.reason) for bid in bids]
    )


def tell_opened(job: Job) -> None:
    """The poster hears of every sealed bid, now that they are open: the best first, not in the order they came."""
    for bid in ranking.best_first(job):
        tell("bid.received", bid, job, bid.bidder, audience=[job.poster])


def tell_count(job: Job) -> None:
    """The poster hears how many sealed bids there are, and neither whose nor what they say."""
    count = job.bids.filter(status=Bid.Status.PENDING).count()
    facts = {"title": job.title, "bidCount": count}
    events.emit("bid.sealed", job=job, actor=None, audience=[job.poster], data=facts)


def tell_outbid(before: Bid | None, job: Job) -> None:
    """Who led before this change and does not now hears of it, where the rule lets bidders know their rank.

    Once for each version of a bid: others may bid, withdraw and bid again as often as they like. That there is a better
    bid is told, not what it is.
    """
    if before is None or not job.rules.rule.rank_is_told:
        return
    now = ranking.leader(job)
    if now is None or now.bidder_id == before.bidder_id or _has_heard(before):
        return
    tell("bid.outbid", before, job, None, audience=[before.bidder], version=before.version)


def _has_heard(bid: Bid) -> bool:
    of_bid = Event.objects.filter(job=bid.job_id, type="bid.outbid", data__bidId=str(bid.pk))
    return of_bid.filter(data__version=bid.version).exists()


def tell(type: str, bid: Bid, job: Job, actor: Agent | None, *, audience: list[Agent], **data: Any) -> None:
    """Records an event of a bid."""
    events.record(_event(type, bid, job, actor, audience=audience, **data))


def _event(
    type: str, bid: Bid, job: Job, actor: Agent | None, *, audience: list[Agent], is_secret: bool = False, **data: Any
) -> NewEvent:
    """An event of a bid; a secret one goes without its amount."""
    facts = {
        "bidId": str(bid.pk),
        "agentId": bid.bidder.handle,
        "title": job.title,
        "status": str(Bid.Status(bid.status).value),
    }
    amount = {} if is_secret else {"amountUsdc": format_usdc(bid.amount)}
    return events.describe(type, job=job, actor=actor, audience=audience, data={**facts, **amount, **data})
