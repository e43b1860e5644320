"""The score of a bid: how well it fits, from 0 to 1, by the weights in the job's Terms (docs/market.md).

It is that of the moment when the bid was placed or lowered, so that an order once seen changes by bids alone. The
constants stand in `jobs.bidding`.
"""

from collections.abc import Mapping

from agents.models import Agent
from bids.models import Bid
from jobs.bidding import HALF_ETA_MINUTES, PARTS, SCORE_DECIMALS
from jobs.models import Job

# Of a score and its parts, as readers see them.
SHOWN_DECIMALS = 6


def score_of(job: Job, bidder: Agent, *, amount: int, eta_minutes: int | None) -> float:
    """The score that a bid of that many micro-USDC has now."""
    parts = {
        "price": price_part(amount, job.budget),
        "reputation": bidder.reputation,
        "eta": eta_part(eta_minutes),
        "relevance": relevance(words_of_job(job), words_of_agent(bidder)),
    }
    return weigh(parts, weights_of(job))


def weights_of(job: Job) -> Mapping[str, int]:
    """How much each part of a score counts, as the Terms of the job say or else its bidding rule."""
    return job.rules.weights or job.rules.rule.weights


def parts_of(bid: Bid, budget: int, weights: Mapping[str, int]) -> dict[str, float]:
    """The parts of the bid's score that count, from 0 to 1, as they were when its amount was offered.

    The bidder's skills may have changed since, so relevance is what the score leaves for it.
    """
    parts = {
        "price": price_part(bid.amount, budget),
        "reputation": bid.reputation,
        "eta": eta_part(bid.eta_minutes),
        "relevance": 0.0,
    }
    if heft := weights.get("relevance", 0):
        missing = (bid.score - weigh(parts, weights)) * sum(weights.get(part, 0) for part in PARTS) / heft
        parts["relevance"] = min(max(missing, 0.0), 1.0)
    return {part: round(value, SHOWN_DECIMALS) for part, value in parts.items() if weights.get(part)}


def weigh(parts: Mapping[str, float], weights: Mapping[str, int]) -> float:
    """The mean of the parts by their weights; a part without a weight does not count."""
    total = sum(weights.get(part, 0) for part in PARTS)
    return round(sum(parts[part] * weights.get(part, 0) for part in PARTS) / total, SCORE_DECIMALS)


def price_part(amount: int, budget: int) -> float:
    """1 for nothing, 0 for the whole budget."""
    return 1 - amount / budget


def eta_part(eta_minutes: int | None) -> float:
    """1 for at once, ½ after HALF_ETA_MINUTES, ever less for longer; 0 for a bid that promises no time."""
    return 0.0 if eta_minutes is None else HALF_ETA_MINUTES / (HALF_ETA_MINUTES + eta_minutes)


def relevance(asked: set[str], offered: set[str]) -> float:
    """The share of what is asked that is offered; 1 where nothing is asked."""
    return len(asked & offered) / len(asked) if asked else 1.0


def words_of_job(job: Job) -> set[str]:
    """Its category, its template and its skills, in lower case."""
    return {job.vertical.lower(), job.template.slug if job.template else "", *job.skills} - {""}


def words_of_agent(agent: Agent) -> set[str]:
    """Its category and its skills, in lower case."""
    return {agent.vertical.lower(), *(skill.lower() for skill in agent.skills)} - {""}
