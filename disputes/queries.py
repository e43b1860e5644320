"""Reads of disputes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from agents.models import Agent
from agents.queries import agents_of
from agents.rules import acts_for
from disputes.models import Dispute, Evidence, InformationRequest, Offer, Side
from disputes.phases import NEXT_PHASE, Phase
from disputes.rules import RULING_PERMISSION, has_hand_in, may_read
from jobs.conversations.models import Message
from jobs.conversations.queries import all_on
from jobs.lifecycle import Status
from jobs.models import Job, Submission
from jobs.queries import timeline
from marketplace.errors import NotFound
from marketplace.events.models import Event
from marketplace.screening.queries import with_flags

Loader = Callable[[QuerySet[Dispute]], QuerySet[Dispute]]
NEWEST = ("-created_at", "-id")
# Of the operators' queue: what is due first.
DUE_FIRST = ("phase_ends_at", "id")


def with_people(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """The disputes with all whom a list names, in the same query."""
    sides = ("job__poster__user", "job__poster__owner", "job__worker__user", "job__worker__owner")
    return disputes.select_related(*sides, "opened_by", "mediator", "resolved_by").defer("job__search")


def with_case(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """The disputes with all that was said, shown and handed in; a query for each kind, however many disputes."""
    return with_work(with_talk(disputes))


def with_work(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """The disputes with what was handed in, the latest first."""
    work = Submission.objects.select_related("worker").prefetch_related("attachments__file").order_by("-number")
    work = with_flags(work)
    return with_people(disputes).prefetch_related(Prefetch("job__submissions", work))


def with_talk(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """The disputes with all that was said and shown, oldest first."""
    return with_flags(with_people(disputes)).prefetch_related(
        Prefetch("offers", _in_order(Offer)),
        Prefetch("evidence", evidence()),
        Prefetch("information_requests", _in_order(InformationRequest)),
    )


def _in_order(model: type[Offer] | type[InformationRequest]) -> QuerySet[Any]:
    return with_flags(model.objects.select_related("made_by")).order_by("created_at", "id")


def evidence() -> QuerySet[Evidence]:
    """All evidence with its files, oldest first."""
    shown = Evidence.objects.select_related("shown_by").prefetch_related("attachments__file")
    return with_flags(shown).order_by("created_at", "id")


def disputes_of(job: Job, actor: Agent | None) -> QuerySet[Dispute]:
    """What the parties disagreed about, newest first, for the parties. Raises NotFound for others."""
    if not (acts_for(actor, job.poster) or acts_for(actor, job.worker)):
        raise NotFound("There is no dispute that you may read.")
    return with_case(Dispute.objects.filter(job=job)).order_by(*NEWEST)


def my_disputes(actor: Agent) -> QuerySet[Dispute]:
    """Those of the actor's jobs and of the jobs of agents that it owns, and those that it mediates."""
    return with_case(_of(_hand(actor)))


def my_list(actor: Agent, *, ended: bool) -> QuerySet[Dispute]:
    """The same without what was said, each with `needs_me`: whether the actor's side has to do something."""
    hand = _hand(actor)
    mine = with_flags(with_people(_of(hand))).annotate(needs_me=_needs(hand))
    return mine.exclude(status=Dispute.Status.OPEN) if ended else mine.filter(status=Dispute.Status.OPEN)


def needs_answer_of(actor: Agent, hand: list[UUID] | None = None) -> QuerySet[Dispute]:
    """Open disputes in which the actor's side has to do something: answer, look at an offer, tell the mediator more,
    or mediate. `hand` are the ids of the actor and its agents, where they are known."""
    hand = _hand(actor) if hand is None else hand
    return with_people(_of(hand).filter(_needs(hand)))


def _hand(actor: Agent) -> list[UUID]:
    return [actor.pk, *agents_of(actor).values_list("pk", flat=True)]


def _of(hand: list[UUID]) -> QuerySet[Dispute]:
    return Dispute.objects.filter(Q(job__poster__in=hand) | Q(job__worker__in=hand) | _mediated_by(hand))


def _mediated_by(hand: list[UUID]) -> Q:
    """By one of them whose appointment holds; an operator needs none."""
    return Q(mediator__in=hand) & (Q(mediator__mediator__is_active=True) | Q(mediator__user__is_staff=True))


def _needs(hand: list[UUID]) -> Q:
    posted, worked = Q(job__poster__in=hand), Q(job__worker__in=hand)
    offers = Offer.objects.filter(dispute=OuterRef("pk"), status=Offer.Status.PENDING)
    asked = InformationRequest.objects.filter(dispute=OuterRef("pk")).exclude(
        Exists(Evidence.objects.filter(answers=OuterRef("pk"), shown_by__in=hand))
    )
    both = InformationRequest.Of.BOTH
    return Q(status=Dispute.Status.OPEN) & (
        Q(responded_at=None) & (posted & Q(side=Side.WORKER) | worked & Q(side=Side.POSTER))
        | posted & (Exists(offers.filter(poster_agreed_at=None)) | Exists(asked.filter(of__in=[Side.POSTER, both])))
        | worked & (Exists(offers.filter(worker_agreed_at=None)) | Exists(asked.filter(of__in=[Side.WORKER, both])))
        | _mediated_by(hand)
    )


def latest_of(job: Job) -> Dispute | None:
    """The dispute about the job that was opened last, whoever asks."""
    return with_people(Dispute.objects.filter(job=job)).order_by(*NEWEST).first()


def may_read_case_of(job: Job, actor: Agent | None) -> bool:
    """Whether the actor has a part in a dispute about the job."""
    return any(may_read(dispute, actor) for dispute in with_people(Dispute.objects.filter(job=job)))


def messages_of(dispute: Dispute) -> QuerySet[Message]:
    """What the two sides wrote to each other on the job, for whoever may read the dispute."""
    return all_on(dispute.job)


def story_of(dispute: Dispute) -> QuerySet[Event]:
    """What happened in the dispute, oldest first."""
    return timeline(dispute.job).filter(type__startswith="dispute.", data__disputeId=str(dispute.pk))


def open_queue() -> QuerySet[Dispute]:
    """All open disputes, what is due first; for the operators' desk."""
    return with_people(Dispute.objects.filter(status=Dispute.Status.OPEN)).order_by(*DUE_FIRST)


def find_dispute(identifier: str | UUID, actor: Agent | None, load: Loader = with_case) -> Dispute:
    """The dispute with what `load` brings along. Raises NotFound, the same for missing and foreign ones."""
    try:
        dispute = load(Dispute.objects.filter(pk=UUID(str(identifier)))).first()
    except ValueError:
        dispute = None
    if dispute is None or not may_read(dispute, actor):
        raise NotFound("There is no dispute with that id.")
    return dispute


def find_offer(identifier: str | UUID, dispute: Dispute) -> Offer:
    """An offer in the dispute. Raises NotFound."""
    try:
        offer = Offer.objects.filter(dispute=dispute, pk=UUID(str(identifier))).first()
    except ValueError:
        offer = None
    if offer is None:
        raise NotFound("There is no such offer in this dispute.")
    offer.dispute = dispute
    return offer


def due_to_escalate() -> QuerySet[Job]:
    """Jobs whose dispute has been in its phase as long as the Terms say, by the database's clock."""
    return Job.objects.filter(
        status=Status.DISPUTED,
        disputes__status=Dispute.Status.OPEN,
        disputes__phase__in=list(NEXT_PHASE),
        disputes__phase_ends_at__lte=Now(),
    ).order_by("disputes__phase_ends_at")


def overdue() -> QuerySet[Dispute]:
    """Open disputes that should have been ruled on by now."""
    return open_queue().filter(phase=Phase.ARBITRATION, phase_ends_at__lte=Now())


def opened_today(actor: Agent) -> int:
    """How many disputes the agent, its owner and the owner's other agents have opened in the last day."""
    mine = Q(pk=actor.pk)
    if actor.controller_id is not None:
        mine |= Q(user=actor.controller_id) | Q(owner=actor.controller_id)
    hand = list(Agent.objects.filter(mine).values_list("pk", flat=True))
    return Dispute.objects.filter(opened_by__in=hand, created_at__gt=Now() - timedelta(days=1)).count()


def next_mediator(job: Job) -> Agent | None:
    """Of those who may mediate and have no hand in the deal, the one with the fewest open disputes; None if nobody may.

    Those are the agents that operators appointed and, while there are none, the operators who may rule.
    """
    load = Count("mediations", filter=Q(mediations__status=Dispute.Status.OPEN), distinct=True)
    able = Agent.objects.exclude(status=Agent.Status.SUSPENDED).select_related("user", "owner")
    by_load = able.annotate(load=load).order_by("load", "id")
    for candidates in (by_load.filter(mediator__is_active=True), by_load.filter(_may_rule())):
        # Few of them have a hand in one deal.
        found = next((agent for agent in candidates.iterator(20) if not has_hand_in(agent, job)), None)
        if found is not None:
            return found
    return None


def _may_rule() -> Q:
    app, codename = RULING_PERMISSION.split(".")
    granted = {"content_type__app_label": app, "codename": codename}
    by_person = {f"user__user_permissions__{name}": value for name, value in granted.items()}
    by_group = {f"user__groups__permissions__{name}": value for name, value in granted.items()}
    may = Q(user__is_superuser=True) | Q(**by_person) | Q(**by_group)
    return Q(user__is_staff=True, user__is_active=True) & may
