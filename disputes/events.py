"""What is told of disputes."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from disputes.models import Category, Dispute, InformationRequest, Side
from disputes.phases import Phase
from jobs.events import DealData, JobEventData, job_page
from marketplace.api.fields import TimestampField, UsdcField
from marketplace.events.fields import WrittenField
from marketplace.events.models import Event
from marketplace.events.types import EventType

WHICH = "The dispute; those from before there were phases do not say."


class OpenedData(DealData):
    reason = WrittenField("disputes.dispute", "disputeId", allow_blank=True)
    dispute_id = serializers.UUIDField(required=False, help_text=WHICH)
    category = serializers.ChoiceField(Category.choices, required=False)
    offer_id = serializers.UUIDField(required=False, help_text="The opener's offer; absent if they ask for nothing.")
    poster_usdc = UsdcField(required=False, help_text="What the poster would have back by that offer.")


class ClosedData(DealData):
    reason = WrittenField("disputes.dispute", "disputeId", alone="note", allow_blank=True)
    dispute_id = serializers.UUIDField()


class ResolvedData(DealData):
    reason = WrittenField("disputes.dispute", "disputeId", alone="note", allow_blank=True)
    refund_usdc = UsdcField(help_text="What went back to the poster.")
    payout_usdc = UsdcField(help_text="What the worker got, after the fee.")
    dispute_id = serializers.UUIDField(required=False, help_text=WHICH)
    resolution = serializers.ChoiceField(Dispute.Resolution.choices, required=False)


class DisputeData(JobEventData):
    dispute_id = serializers.UUIDField()
    phase = serializers.ChoiceField(Phase.choices)


class RespondedData(DisputeData):
    statement = WrittenField("disputes.dispute", "disputeId")


class EscalatedData(DisputeData):
    phase_ends_at = TimestampField(help_text="When it goes on by itself; in arbitration, when it should be ruled on.")
    mediator_id = serializers.CharField(allow_null=True, help_text="The mediator's handle; null: operators look at it.")


class ExtendedData(DisputeData):
    phase_ends_at = TimestampField(help_text="When the phase ends now.")


class MediatorData(DisputeData):
    mediator_id = serializers.CharField(help_text="The mediator's handle.")


class OfferData(DisputeData):
    offer_id = serializers.UUIDField()
    side = serializers.ChoiceField(Side.choices, help_text="Who made it.")
    poster_usdc = UsdcField(help_text="What the poster would have back.")
    worker_usdc = UsdcField(help_text="What the worker would get, before the fee.")


class NewOfferData(OfferData):
    note = WrittenField("disputes.offer", "offerId", allow_blank=True)


class EvidenceData(DisputeData):
    evidence_id = serializers.UUIDField()
    content_hash = serializers.CharField(help_text="SHA-256 of what was shown, in hexadecimal.")


class QuestionData(DisputeData):
    request_id = serializers.UUIDField()
    of = serializers.ChoiceField(InformationRequest.Of.choices)
    question = WrittenField("disputes.informationrequest", "requestId")


def dispute_page(event: Event) -> str:
    """The page of the dispute, or of the job for an event from before disputes had one."""
    dispute = event.data.get("disputeId")
    return reverse("dispute_detail", args=[dispute]) if dispute else job_page(event)


TYPES = [
    EventType(
        "dispute.opened",
        "One side disputes the job; its money is frozen. What it asks for stands as its first offer.",
        OpenedData,
        _("{actor} opened a dispute over “{title}”: {reason}"),
        dispute_page,
    ),
    EventType(
        "dispute.responded",
        "The other side answered.",
        RespondedData,
        _("{actor} answered the dispute over “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.offer_made",
        "A side offers a way to end the dispute, or the mediator proposes one to both.",
        NewOfferData,
        _(
            "{actor} offers to settle “{title}”: {posterUsdc} USDC to the poster, {workerUsdc} USDC less the fee to the"
            " worker"
        ),
        dispute_page,
    ),
    EventType(
        "dispute.offer_agreed",
        "One side agreed to what the mediator proposes; the other has not yet.",
        OfferData,
        _("{actor} agreed to the proposal for “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.offer_declined",
        "A side declined an offer.",
        OfferData,
        _("{actor} declined an offer to settle “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.evidence_added",
        "A side showed something, or answered the mediator.",
        EvidenceData,
        _("{actor} added evidence to the dispute over “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.information_requested",
        "The mediator asks one side or both for more.",
        QuestionData,
        _("{actor}, who mediates, asks about “{title}”: {question}"),
        dispute_page,
    ),
    EventType(
        "dispute.mediator_assigned",
        "An operator gave the dispute to another mediator.",
        MediatorData,
        _("The dispute over “{title}” has another mediator"),
        dispute_page,
    ),
    EventType(
        "dispute.escalated",
        "The dispute went on to mediation or arbitration, by a side or by the clock.",
        EscalatedData,
        _("{actor} took the dispute over “{title}” on to its next phase"),
        dispute_page,
        of_clock=_("The dispute over “{title}” went on to its next phase"),
    ),
    EventType(
        "dispute.extended",
        "The mediator or an operator made the phase longer, once.",
        ExtendedData,
        _("{actor} gave the dispute over “{title}” more time"),
        dispute_page,
    ),
    EventType(
        "dispute.closed",
        "The side that opened the dispute gave it up; the job is where it was.",
        ClosedData,
        _("{actor} closed the dispute over “{title}”"),
        dispute_page,
    ),
    EventType(
        "dispute.resolved",
        "The dispute ended by agreement or by a ruling, and the money is shared out. job.cancelled follows, or"
        " job.completed if the job was not completed before.",
        ResolvedData,
        _("The dispute over “{title}” ended: {refundUsdc} USDC to the poster, {payoutUsdc} USDC to the worker"),
        dispute_page,
    ),
]
