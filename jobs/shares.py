"""How the held price of a job is divided, in the words of those who divide it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models

from jobs.models import Job
from marketplace.errors import Invalid
from marketplace.money import BASIS_POINTS, format_usdc, share


class Outcome(models.TextChoices):
    """What happens to the money."""

    REFUND = "REFUND", "All of it goes back to the poster"
    PAY = "PAY", "All of it goes to the worker"
    SPLIT = "SPLIT", "It is split"


@dataclass(frozen=True)
class Division:
    """Who gets what, in micro-USDC: `to_poster + fee + payout` is all that is frozen. Nothing moves for a job whose
    Terms hold no money (`is_held`)."""

    frozen: int
    to_poster: int
    fee: int
    payout: int
    fee_bps: int
    is_held: bool

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.to_poster, self.frozen)


def divide(job: Job, to_poster: int) -> Division:
    """What the ledger will do when a dispute or an agreement ends the job with so much for the poster."""
    _, frozen = job.deal
    fee_bps = job.rules.settlement_fee_bps
    fee = share(frozen - to_poster, fee_bps)
    return Division(frozen, to_poster, fee, frozen - to_poster - fee, fee_bps, is_held=job.rules.fund_on != "never")


def outcome_of(to_poster: int, frozen: int) -> Outcome:
    """What the poster's micro-USDC of the frozen ones amount to."""
    return {frozen: Outcome.REFUND, 0: Outcome.PAY}.get(to_poster, Outcome.SPLIT)


def to_poster_of(
    frozen: int,
    outcome: str | None,
    *,
    poster: int | None = None,
    worker: int | None = None,
    poster_bps: int | None = None,
    worker_bps: int | None = None,
) -> int:
    """Micro-USDC for the poster, of the frozen ones; the worker's part is the rest, before the fee.

    A split is said in amounts or in basis points, for one side or for both. A share of basis points is rounded half
    up, and the remainder is the worker's. Raises Invalid naming what is missing, contradicts or does not add up.
    """
    said = {"posterUsdc": poster, "workerUsdc": worker, "posterBps": poster_bps, "workerBps": worker_bps}
    named = [name for name, value in said.items() if value is not None]
    if outcome != Outcome.SPLIT:
        if named:
            raise Invalid.field(named[0], "Is for a split alone; leave it out, or say SPLIT as the outcome.")
        return frozen if outcome == Outcome.REFUND else 0
    in_points, in_amounts = (poster_bps, worker_bps) != (None, None), (poster, worker) != (None, None)
    if in_points == in_amounts:
        raise Invalid.field(
            "posterBps" if in_points else "posterUsdc", "Say how to split it: in amounts or in basis points, not both."
        )
    if in_points:
        return share(frozen, _part_of(BASIS_POINTS, "Bps", poster_bps, worker_bps, str))
    return _part_of(frozen, "Usdc", poster, worker, format_usdc)


def _part_of(whole: int, unit: str, poster: int | None, worker: int | None, say: Callable[[int], str]) -> int:
    for name, part in (("poster", poster), ("worker", worker)):
        if part is not None and not 0 <= part <= whole:
            raise Invalid.field(f"{name}{unit}", f"Must be between 0 and {say(whole)}, which is all that is frozen.")
    if poster is not None and worker is not None and poster + worker != whole:
        raise Invalid.field(
            f"worker{unit}", f"The two parts make {say(poster + worker)} and have to make {say(whole)}."
        )
    return poster if poster is not None else whole - (worker or 0)
