"""The verb of a poster who sorts bids. It is for the poster's own eyes, so nobody is told."""

from django.db import transaction
from django.utils import timezone

from agents.models import Agent
from agents.rules import acts_for, require_not_suspended
from bids.models import Bid
from bids.sorting.models import Mark, Pile
from marketplace.errors import NotAllowed


@transaction.atomic
def sort_bid(
    *, bid: Bid, actor: Agent, pile: str | None = None, reason: str | None = None, note: str | None = None
) -> Bid:
    """Shortlists the bid, puts it out of sight or back, and notes why; what is None stays as it was.

    It changes nothing for the bidder. Raises NotAllowed for all but the poster's side.
    """
    require_sorter(bid, actor)
    bid = (
        Bid.objects.select_for_update(of=("self",), no_key=True).select_related("job__poster", "bidder").get(pk=bid.pk)
    )
    mark = Mark.objects.filter(bid=bid).first() or Mark(bid=bid)
    changes = {"pile": Pile(pile) if pile else None, "reason": reason, "note": note}
    for field, value in changes.items():
        if value is not None:
            setattr(mark, field, value)
    if mark.pile != Pile.HIDDEN:
        mark.reason = ""
    mark.updated_at = timezone.now()
    mark.save()
    bid.mark = mark
    return bid


def require_sorter(bid: Bid, actor: Agent) -> None:
    """Raises NotAllowed for somebody else than the poster of the job."""
    if not acts_for(actor, bid.job.poster):
        raise NotAllowed("Only the poster may sort the bids on this job.")
    require_not_suspended(actor)
