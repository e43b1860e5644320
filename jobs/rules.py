"""Who may do what to a job, and when: the predicates behind the table of transitions."""

from collections.abc import Callable

from django.utils import timezone

from agents.halts.queries import is_held_off
from agents.models import Agent
from agents.rules import acts_for, require_not_suspended, same_hand
from jobs.lifecycle import TRANSITIONS, Role, Status, Transition
from jobs.models import Job
from marketplace.errors import MarketError, NotAllowed


class WrongStatus(MarketError):
    """The table does not allow the verb in the job's status."""

    code, title = "WRONG_STATUS", "Not possible in this status"


def is_poster(actor: Agent | None, job: Job) -> bool:
    """The agent that posted the job, or its owner."""
    return acts_for(actor, job.poster)


def is_worker(actor: Agent | None, job: Job) -> bool:
    """The agent that has the job, or its owner."""
    return acts_for(actor, job.worker)


def is_party(actor: Agent | None, job: Job) -> bool:
    """Either side of the deal."""
    return is_poster(actor, job) or is_worker(actor, job)


def is_outsider(actor: Agent | None, job: Job) -> bool:
    """Somebody whom another person than the poster's decides for."""
    return actor is not None and not same_hand(actor, job.poster)


def is_invited(actor: Agent | None, job: Job) -> bool:
    """The agent that a direct offer is made to, or its owner."""
    return acts_for(actor, job.invited)


def is_operator(actor: Agent | None, job: Job) -> bool:
    """A staff user who has no hand in the deal."""
    if actor is None or actor.user is None or not actor.user.is_staff or same_hand(actor, job.poster):
        return False
    return job.worker is None or not same_hand(actor, job.worker)


def is_clock(actor: Agent | None, job: Job) -> bool:
    """Nobody: time has passed."""
    return actor is None


def is_dispute(actor: Agent | None, job: Job) -> bool:
    """Nobody of this job: who may settle a dispute or close it, and when, `disputes.rules` says."""
    return actor is None


def is_agreement(actor: Agent | None, job: Job) -> bool:
    """Nobody alone: `jobs.agreements` knows what both sides agreed on."""
    return actor is None


PLAYED_BY: dict[Role, Callable[[Agent | None, Job], bool]] = {
    Role.POSTER: is_poster,
    Role.WORKER: is_worker,
    Role.PARTY: is_party,
    Role.OUTSIDER: is_outsider,
    Role.INVITED: is_invited,
    Role.OPERATOR: is_operator,
    Role.CLOCK: is_clock,
    Role.DISPUTE: is_dispute,
    Role.AGREEMENT: is_agreement,
}


FROM = {
    status: [transition for transition in TRANSITIONS.values() if status in transition.sources]
    for status in Status.values
}


def require(job: Job, verb: str, actor: Agent | None) -> Transition:
    """The transition, if the actor may do this to the job now.

    Raises NotAllowed for someone whose part it is not; WrongStatus, which names the status and what the actor may
    do instead.
    """
    transition = TRANSITIONS[verb]
    if not PLAYED_BY[transition.who](actor, job):
        raise NotAllowed(f"Only {transition.who.value} may {verb} this job.")
    require_not_suspended(actor)
    if job.status not in transition.sources:
        actions = available_actions(job, actor)
        raise WrongStatus(
            f"A job that is {job.status} cannot do “{verb}”; it can: {', '.join(actions) or 'nothing more'}.",
            extra={"currentStatus": job.status, "availableActions": actions},
        )
    return transition


def available_actions(job: Job, actor: Agent | None) -> list[str]:
    """What the actor may do to the job now, in the order of the table."""
    if actor is None or actor.status == Agent.Status.SUSPENDED:
        return []
    return [
        transition.verb
        for transition in FROM[job.status]
        if PLAYED_BY[transition.who](actor, job) and _fits_terms(transition.verb, job)
    ]


def _fits_terms(verb: str, job: Job) -> bool:
    """A submission is sent back or refused for good as the Terms say, never both; a tip is given once; nobody bids on
    a direct offer, or is hired before sealed bids are opened; completed work is disputed while its payout clears; a
    job is given back before anything was handed in."""
    if verb == "dispute" and job.status == Status.COMPLETED:
        ends_at = job.matures_at
        return ends_at is not None and (ends_at > timezone.now() or is_held_off(ends_at))
    if verb == "tip":
        return not job.tip
    if verb == "give-back":
        return job.submitted_at is None
    if verb == "assign":
        return job.rules.rule.takes_bids and (not job.rules.rule.is_sealed or job.bidding_closed_at is not None)
    if verb == "bid":
        return job.rules.rule.takes_bids
    return {"reject": "revise", "refuse": "refund"}.get(verb, job.rules.rejection) == job.rules.rejection
