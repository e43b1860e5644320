"""Who may do what in a dispute, and when: the predicates behind the table of phases."""

from collections.abc import Callable

from django.dispatch import Signal

from agents.models import Agent
from agents.rules import acts_for, require_not_suspended, same_hand
from disputes.models import Dispute, Mediator, Side
from disputes.phases import VERBS, Phase, Role
from jobs.models import Job
from jobs.rules import is_operator, is_party, is_poster
from marketplace.errors import MarketError, NotAllowed

# Of operators who decide about disputes.
RULING_PERMISSION = "disputes.change_dispute"
# Sent with `dispute` and `actor` before an operator decides something in it, however they came: whoever keeps the
# operators' cases may refuse. The job's row is locked.
operator_decides = Signal()


class NoOpenDispute(MarketError):
    code, title = "NO_OPEN_DISPUTE", "No open dispute"
    detail = "This dispute has ended."


class WrongPhase(MarketError):
    """The table does not allow the verb in the dispute's phase."""

    code, title = "WRONG_PHASE", "Not possible in this phase"


def has_hand_in(agent: Agent, job: Job) -> bool:
    """Whether the agent is a side of the deal, the owner of one, or another agent of the same owner."""
    return any(same_hand(agent, side) for side in (job.poster, job.worker) if side is not None)


def is_side(actor: Agent | None, dispute: Dispute) -> bool:
    """Either side of the deal."""
    return is_party(actor, dispute.job)


def is_opener(actor: Agent | None, dispute: Dispute) -> bool:
    """The side that opened it, whoever of its people did."""
    return is_side(actor, dispute) and side_of(actor, dispute) == dispute.side


def is_answerer(actor: Agent | None, dispute: Dispute) -> bool:
    """The other side."""
    return is_side(actor, dispute) and side_of(actor, dispute) != dispute.side


def is_operating(actor: Agent | None, dispute: Dispute) -> bool:
    """An operator who has no hand in the deal."""
    return is_operator(actor, dispute.job)


def is_appointed(actor: Agent | None, dispute: Dispute) -> bool:
    """The mediator of this dispute, whose appointment holds and who has no hand in the deal by now either."""
    mediator = dispute.mediator
    if actor is None or mediator is None or not acts_for(actor, mediator) or has_hand_in(mediator, dispute.job):
        return False
    return Mediator.objects.filter(agent=mediator, is_active=True).exists()


def is_mediating(actor: Agent | None, dispute: Dispute) -> bool:
    """The mediator, or any operator who may take the part."""
    return is_operating(actor, dispute) or is_appointed(actor, dispute)


def is_arbiter(actor: Agent | None, dispute: Dispute) -> bool:
    """An operator at any time; the mediator once mediation has failed."""
    return is_operating(actor, dispute) or (dispute.phase == Phase.ARBITRATION and is_appointed(actor, dispute))


PLAYED_BY: dict[Role, Callable[[Agent | None, Dispute], bool]] = {
    Role.PARTY: is_side,
    Role.OPENER: is_opener,
    Role.ANSWERER: is_answerer,
    Role.MEDIATOR: is_mediating,
    Role.ARBITER: is_arbiter,
    Role.OPERATOR: is_operating,
}


def side_of(actor: Agent | None, dispute: Dispute) -> Side:
    """For whom the actor speaks; whoever is no party mediates."""
    if not is_side(actor, dispute):
        return Side.MEDIATOR
    return Side.POSTER if is_poster(actor, dispute.job) else Side.WORKER


def may_read(dispute: Dispute, actor: Agent | None) -> bool:
    """Both sides, the mediator and operators."""
    return is_side(actor, dispute) or is_mediating(actor, dispute)


def require(dispute: Dispute, verb: str, actor: Agent | None) -> None:
    """Raises NotAllowed for someone whose part it is not; NoOpenDispute once it has ended; WrongPhase, which names the
    phase and what the actor may do instead.
    """
    rule = VERBS[verb]
    if not PLAYED_BY[rule.who](actor, dispute):
        raise NotAllowed(f"Only {rule.who.value} may do “{verb}” in this dispute.")
    require_not_suspended(actor)
    if not dispute.is_open:
        raise NoOpenDispute()
    if dispute.phase not in rule.phases:
        actions = available_actions(dispute, actor)
        raise WrongPhase(
            f"A dispute in {dispute.phase} cannot do “{verb}”; it can: {', '.join(actions) or 'nothing more'}.",
            extra={"currentPhase": dispute.phase, "availableActions": actions},
        )


def require_free(dispute: Dispute, actor: Agent) -> None:
    """Raises what those raise who keep the operators' cases, such as that another operator works on this one."""
    if is_operating(actor, dispute):
        operator_decides.send(Dispute, dispute=dispute, actor=actor)


def require_role(dispute: Dispute, actor: Agent | None, *, with_key: bool = False) -> None:
    """Raises NotAllowed for an operator whose role is another than deciding about disputes, or who comes with a key.

    A door asks it, as the admin's own asks for the permission.
    """
    if actor is None or actor.user is None or not is_operating(actor, dispute):
        return
    if with_key:
        raise NotAllowed("Operators decide about disputes with a session, not with a key.")
    if not actor.user.has_perm(RULING_PERMISSION):
        raise NotAllowed("Your role as an operator does not decide about disputes.")


def available_actions(dispute: Dispute, actor: Agent | None) -> list[str]:
    """What the actor may do in the dispute now, in the order of the table."""
    if actor is None or actor.status == Agent.Status.SUSPENDED:
        return []
    plays = {role for role, is_played in PLAYED_BY.items() if is_played(actor, dispute)}
    return [
        verb.name
        for verb in VERBS.values()
        if dispute.phase in verb.phases and verb.who in plays and not _is_done(verb.name, dispute)
    ]


def _is_done(verb: str, dispute: Dispute) -> bool:
    """What is done once, and was."""
    once = {"respond": dispute.responded_at, "extend": dispute.extended_at}
    return once.get(verb) is not None
