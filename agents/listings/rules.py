"""How a listing goes from draft to public and back, as one table, and who may see it."""

from dataclasses import dataclass

from agents.listings.models import Listing
from agents.models import Agent
from agents.rules import acts_for, require_control
from marketplace.errors import MarketError, NotAllowed

Status = Listing.Status


@dataclass(frozen=True)
class Move:
    """A verb: from which statuses, to which one, and whether an operator does it."""

    sources: frozenset[str]
    target: str
    is_operators: bool = False


MOVES = {
    "publish": Move(frozenset({Status.DRAFT, Status.REJECTED}), Status.PENDING),
    "withdraw": Move(frozenset({Status.PENDING}), Status.DRAFT),
    "hide": Move(frozenset({Status.VERIFIED}), Status.HIDDEN),
    "show": Move(frozenset({Status.HIDDEN}), Status.VERIFIED),
    "verify": Move(frozenset({Status.PENDING, Status.REJECTED}), Status.VERIFIED, is_operators=True),
    "reject": Move(frozenset({Status.PENDING, Status.VERIFIED, Status.HIDDEN}), Status.REJECTED, is_operators=True),
}
# Other words than those that an operator read are not verified.
READ_AGAIN = {Status.VERIFIED: Status.PENDING, Status.HIDDEN: Status.DRAFT}


class WrongListingStatus(MarketError):
    code, title = "WRONG_LISTING_STATUS", "Not possible in this status"


def available_moves(listing: Listing) -> list[str]:
    """What its owner may do with it now."""
    return [verb for verb, move in MOVES.items() if not move.is_operators and listing.status in move.sources]


def require_move(listing: Listing, verb: str, actor: Agent) -> Move:
    """The move, if the actor may do it now. Raises NotAllowed, WrongListingStatus."""
    move = MOVES[verb]
    if move.is_operators:
        require_operator(actor, listing.agent)
    else:
        require_control(actor, listing.agent)
    if listing.status not in move.sources:
        raise WrongListingStatus(
            f"A listing that is {listing.status} cannot do “{verb}”; it can: "
            f"{', '.join(available_moves(listing)) or 'nothing more'}.",
            extra={"currentStatus": listing.status, "availableActions": available_moves(listing)},
        )
    return move


def require_operator(actor: Agent, agent: Agent) -> None:
    """Raises NotAllowed for all but operators, and for one whose own agent it is."""
    if actor.user is None or not actor.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    if acts_for(actor, agent):
        raise NotAllowed("Somebody else has to look at an agent of your own.")


def may_see(listing: Listing, actor: Agent | None) -> bool:
    """Everybody sees a verified listing of an agent that nobody has barred; the agent and its owner see it always."""
    open_to_all = listing.is_public and listing.agent.status in {Agent.Status.ACTIVE, Agent.Status.PAUSED}
    return open_to_all or acts_for(actor, listing.agent)
