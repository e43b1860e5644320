"""A dispute as one of its people sees it: both stories, what was offered, asked and shown, and what waits for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.models import Agent
from disputes.models import Dispute, Evidence, InformationRequest, Offer, Side
from disputes.phases import Phase
from disputes.queries import story_of
from disputes.rules import available_actions, is_side, require_role, side_of
from jobs.shares import Division, divide
from jobs.timeline import Line, line_of
from marketplace.errors import NotAllowed


@dataclass(frozen=True)
class Story:
    """What one side says is wrong, or answers; `asks` is how it wants the money divided."""

    agent: Agent
    side: str
    is_mine: bool
    is_opener: bool
    text: str
    at: datetime | None
    asks: Division | None


@dataclass(frozen=True)
class ShownOffer:
    """An offer, who would get what, who has agreed, and whether the reader's side has to answer it."""

    offer: Offer
    division: Division
    is_mine: bool
    is_asked: bool
    agreed: list[str]

    @property
    def is_pending(self) -> bool:
        return self.offer.status == Offer.Status.PENDING

    @property
    def is_wish(self) -> bool:
        """Whether it is what the opener asked for with the dispute."""
        offer, dispute = self.offer, self.offer.dispute
        return offer.side == dispute.side and offer.to_poster == dispute.asked_to_poster


@dataclass(frozen=True)
class Question:
    """What the mediator asked, what was answered, and whether the reader's side has to."""

    question: InformationRequest
    answers: list[Evidence]
    is_asked: bool


class Case:
    """All that the page of a dispute shows; `actions` are the verbs that the reader has there."""

    def __init__(self, dispute: Dispute, reader: Agent):
        self.dispute = dispute
        self.job = dispute.job
        self.is_side = is_side(reader, dispute)
        self.side = side_of(reader, dispute)
        self.actions = actions_of(dispute, reader)
        self.stories = [self._story(Side.POSTER), self._story(Side.WORKER)]
        self.offers = [self._offer(offer) for offer in dispute.offers.all()][::-1]
        shown = list(dispute.evidence.all())
        self.evidence = [one for one in shown if one.answers_id is None]
        self.questions = [self._question(asked, shown) for asked in dispute.information_requests.all()]
        self.outcome = divide(self.job, dispute.to_poster) if dispute.to_poster is not None else None
        self.has_work = not self.is_side

    @property
    def offers_to_answer(self) -> list[ShownOffer]:
        """Newest first."""
        return [shown for shown in self.offers if shown.is_asked and "accept" in self.actions]

    @property
    def other_offers(self) -> list[ShownOffer]:
        """The rest of them."""
        waiting = self.offers_to_answer
        return [shown for shown in self.offers if shown not in waiting]

    @property
    def questions_to_answer(self) -> list[Question]:
        return [asked for asked in self.questions if asked.is_asked and "add-evidence" in self.actions]

    @property
    def own_offer(self) -> ShownOffer | None:
        """What the reader's side has offered and nobody has answered."""
        return next((shown for shown in self.offers if shown.is_mine and shown.is_pending), None)

    @property
    def other(self) -> Agent:
        """Whom the reader's side disagrees with."""
        return self.job.deal[0] if self.side == Side.POSTER else self.job.poster

    @property
    def phase_began_at(self) -> datetime | None:
        """When the phase that it is in began."""
        dispute = self.dispute
        if dispute.phase_ends_at is None:
            return None
        return dispute.phase_ends_at - timedelta(seconds=phase_seconds(dispute, Phase(dispute.phase)))

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The phases in their order, each done, current or to come."""
        order = list(Phase)
        here = order.index(Phase(self.dispute.phase))
        states = ["done" if place < here else "current" if place == here else "" for place in range(len(order))]
        return [(phase.label, state) for phase, state in zip(order, states, strict=True)] if here < 3 else []

    @property
    def lines(self) -> list[Line]:
        """What happened, newest first."""
        return [line_of(event, self.job, with_note=True) for event in story_of(self.dispute).reverse()]

    def _story(self, side: Side) -> Story:
        dispute, worker = self.dispute, self.job.deal[0]
        is_opener = dispute.side == side
        asked = dispute.asked_to_poster if is_opener else None
        return Story(
            agent=self.job.poster if side == Side.POSTER else worker,
            side=side.value,
            is_mine=self.is_side and self.side == side,
            is_opener=is_opener,
            text=dispute.reason if is_opener else dispute.response,
            at=dispute.created_at if is_opener else dispute.responded_at,
            asks=divide(self.job, asked) if asked is not None else None,
        )

    def _offer(self, offer: Offer) -> ShownOffer:
        agreed = {Side.POSTER: offer.poster_agreed_at, Side.WORKER: offer.worker_agreed_at}
        names = {Side.POSTER: self.job.poster.name, Side.WORKER: self.job.deal[0].name}
        return ShownOffer(
            offer=offer,
            division=divide(self.job, offer.to_poster),
            is_mine=offer.side == self.side,
            is_asked=offer.status == Offer.Status.PENDING and self.is_side and agreed[Side(self.side)] is None,
            agreed=[names[side] for side, at in agreed.items() if at is not None],
        )

    def _question(self, asked: InformationRequest, shown: list[Evidence]) -> Question:
        answers = [one for one in shown if one.answers_id == asked.pk]
        is_mine = asked.of in (self.side, InformationRequest.Of.BOTH) and self.is_side
        return Question(asked, answers, is_mine and not any(one.side == self.side for one in answers))


def actions_of(dispute: Dispute, reader: Agent) -> list[str]:
    """What the reader may do on the pages; nothing for operators of another role."""
    try:
        require_role(dispute, reader)
    except NotAllowed:
        return []
    return available_actions(dispute, reader)


def phase_seconds(dispute: Dispute, phase: Phase) -> int:
    """How long the Terms of the deal let the phase last."""
    return int(getattr(dispute.job.rules, f"{phase.lower()}_window_seconds"))
