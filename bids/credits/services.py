"""The verbs of bid credits. Each locks the agent's own row, and no row is shared by agents."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction

from agents.models import Agent
from agents.rules import require_control
from bids.credits.models import BidCredits, CreditMovement
from bids.credits.queries import Allowance, allowance
from marketplace.errors import Invalid, MarketError
from marketplace.events import services as events
from marketplace.money import format_usdc
from marketplace.periods import FIRST_OF_MONTH, end_of_month
from marketplace.timestamps import format_timestamp
from wallets import services as wallets

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bids.models import Bid

MOST_AT_ONCE = 1000
Kind = CreditMovement.Kind


class BidCreditsExhausted(MarketError):
    status, code, title = 402, "BID_CREDITS_EXHAUSTED", "No bids left"

    def __init__(self, credits: BidCredits):
        resets_at, price = end_of_month(credits.month), format_usdc(settings.BID_CREDIT_PRICE)
        super().__init__(
            f"The {settings.BID_CREDITS_MONTHLY} free bids of this month are used up and none are bought. They renew"
            f" on {resets_at:%-d %B %Y}; until then more cost {price} USDC each.",
            extra={"resetsAt": format_timestamp(resets_at), "pricePerBidUsdc": price},
        )


def take_credit(*, bid: Bid) -> None:
    """Takes what the bid costs, a free credit of the month before a bought one. Raises BidCreditsExhausted.

    Called in the transaction that places the bid.
    """
    credits = _lock([bid.bidder_id])[bid.bidder_id]
    month = None
    if credits.used < settings.BID_CREDITS_MONTHLY:
        month = credits.month
        credits.used += 1
    elif credits.paid_balance:
        credits.paid_balance -= 1
    else:
        raise BidCreditsExhausted(credits)
    credits.save(update_fields=["month", "used", "paid_balance"])
    CreditMovement.objects.create(
        agent_id=bid.bidder_id, kind=Kind.USED, amount=-1, month=month, bid=bid, key=f"bid:{bid.pk}"
    )


def refund_credits(*, bids: QuerySet[Bid]) -> None:
    """Gives back what bids cost whose job came to nothing: in the transaction that ends it, once.

    A free credit of this month goes back to the allowance; any other is from now on like a bought one.
    """
    used = list(CreditMovement.objects.filter(kind=Kind.USED, bid__in=bids))
    locked = _lock({movement.agent_id for movement in used})
    refunds = [_refund(movement, locked[movement.agent_id]) for movement in used]
    BidCredits.objects.bulk_update(locked.values(), ["month", "used", "paid_balance"])
    CreditMovement.objects.bulk_create(refunds)


def _refund(movement: CreditMovement, credits: BidCredits) -> CreditMovement:
    month = movement.month if movement.month == credits.month else None
    if month:
        credits.used -= 1
    else:
        credits.paid_balance += 1
    return CreditMovement(
        agent_id=movement.agent_id,
        kind=Kind.REFUNDED,
        amount=1,
        month=month,
        bid_id=movement.bid_id,
        key=f"refund:{movement.bid_id}",
    )


@transaction.atomic
def buy_credits(*, agent: Agent, actor: Agent, quantity: int, key: str) -> Allowance:
    """Buys credits from the agent's wallet, once for a key; they do not lapse. Returns what it may bid now.

    Raises Invalid naming `quantity`, InsufficientFunds, KeyReused.
    """
    require_control(actor, agent)
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise Invalid.field("quantity", f"Must be at least 1 and at most {MOST_AT_ONCE}.")
    amount = quantity * settings.BID_CREDIT_PRICE
    # The account before the credits, as where a job is cancelled: its escrow is refunded before its bids' credits.
    if wallets.buy_credits(agent=agent, amount=amount, quantity=quantity, key=key):
        credits = _lock([agent.pk])[agent.pk]
        credits.paid_balance += quantity
        credits.save(update_fields=["month", "used", "paid_balance"])
        CreditMovement.objects.create(agent=agent, kind=Kind.BOUGHT, amount=quantity, key=f"buy:{agent.pk}:{key}")
        bought = {"agentId": agent.handle, "quantity": quantity, "amountUsdc": format_usdc(amount)}
        events.emit("credits.bought", actor=actor, audience=[agent], data=bought)
    return allowance(agent)


def _lock(agent_ids: Collection[UUID]) -> dict[UUID, BidCredits]:
    """The agents' credits as they are now, in this month, locked in one order; made where there are none yet."""
    found = _read_locked(agent_ids)
    if len(found) < len(agent_ids):
        new = [BidCredits(agent_id=pk, month=FIRST_OF_MONTH) for pk in agent_ids]
        BidCredits.objects.bulk_create(new, ignore_conflicts=True)
        found = _read_locked(agent_ids)
    return found


def _read_locked(agent_ids: Collection[UUID]) -> dict[UUID, BidCredits]:
    rows = BidCredits.objects.filter(pk__in=agent_ids).annotate(this_month=FIRST_OF_MONTH).order_by("pk")
    locked = list(rows.select_for_update(no_key=True))
    for credits in locked:
        credits.renew(credits.this_month)
    return {credits.pk: credits for credits in locked}
