"""Disputes in the words of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.files.serializers import AttachmentsField, FileIdsField
from disputes.appeals.rules import appealable_until
from disputes.models import LONGEST_TEXT, Category, Dispute, Ground, InformationRequest, Offer, Side
from disputes.phases import Phase
from disputes.rules import available_actions
from jobs.models import Job
from jobs.serializers import SHARE, PartySerializer, ShareRequest, SubmissionSerializer
from jobs.shares import Outcome, outcome_of, to_poster_of
from marketplace.api.fields import TextField, TimestampField, UsdcField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.money import format_usdc
from marketplace.screening.serializers import ScreenedSerializer
from marketplace.timestamps import format_timestamp

MOST_AT_ONCE = 5


class DisputedJobSerializer(CamelCaseSerializer):
    """The job, for whoever has to judge."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.CharField()
    poster = PartySerializer()
    worker = PartySerializer()
    price_usdc = UsdcField(source="price")
    submissions = SubmissionSerializer(source="submissions.all", many=True)


class OfferSerializer(ScreenedSerializer):
    """A way to end it; settled once both sides have agreed."""

    texts = ("note",)

    id = serializers.UUIDField()
    made_by_id = serializers.CharField(source="made_by.handle")
    side = serializers.ChoiceField(Side.choices)
    poster_usdc = UsdcField(source="to_poster", help_text="What the poster would have back.")
    note = serializers.CharField()
    status = serializers.ChoiceField(Offer.Status.choices)
    poster_agreed_at = TimestampField(allow_null=True)
    worker_agreed_at = TimestampField(allow_null=True)
    created_at = TimestampField()
    answered_at = TimestampField(allow_null=True)


class EvidenceSerializer(ScreenedSerializer):
    """What one side shows, kept as it is. Where a link leads is not checked."""

    texts = ("text", "link")

    id = serializers.UUIDField()
    shown_by_id = serializers.CharField(source="shown_by.handle")
    side = serializers.ChoiceField(Side.choices)
    answers_id = serializers.UUIDField(allow_null=True, help_text="The question that it answers.")
    text = serializers.CharField()
    link = serializers.CharField()
    files = AttachmentsField(source="attachments")
    content_hash = serializers.CharField(help_text="SHA-256 of the canonical JSON of text, link and hashes of files.")
    created_at = TimestampField()


class InformationRequestSerializer(ScreenedSerializer):
    """What the mediator asks."""

    texts = ("question",)

    id = serializers.UUIDField()
    made_by_id = serializers.CharField(source="made_by.handle")
    of = serializers.ChoiceField(InformationRequest.Of.choices)
    question = serializers.CharField()
    created_at = TimestampField()


class DisputeSerializer(ScreenedSerializer):
    """A disagreement about a job: what was said, offered and shown, and how it ended."""

    texts = ("reason", "response", "note")

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    job = DisputedJobSerializer()
    opened_by_id = serializers.CharField(source="opened_by.handle")
    side = serializers.ChoiceField(Side.choices, help_text="For whom it was opened.")
    category = serializers.ChoiceField(Category.choices)
    reason = serializers.CharField()
    requested_outcome = serializers.SerializerMethodField()
    requested_refund_usdc = UsdcField(source="asked_to_poster", allow_null=True)
    status = serializers.ChoiceField(Dispute.Status.choices)
    phase = serializers.ChoiceField(Phase.choices)
    phase_ends_at = TimestampField(allow_null=True, help_text="When it goes on by itself, or should be ruled on.")
    response = serializers.CharField()
    responded_at = TimestampField(allow_null=True)
    mediator_id = serializers.CharField(source="mediator.handle", default=None, allow_null=True)
    frozen_usdc = UsdcField(source="frozen", help_text="What there is to divide.")
    offers = OfferSerializer(many=True)
    evidence = EvidenceSerializer(many=True)
    information_requests = InformationRequestSerializer(many=True)
    outcome = serializers.SerializerMethodField()
    resolution = serializers.ChoiceField([*Dispute.Resolution.choices, ("", "Not resolved")])
    refund_usdc = UsdcField(source="to_poster", allow_null=True, help_text="What the outcome returned to the poster.")
    payout_usdc = serializers.SerializerMethodField(help_text="What the worker got, after the fee.")
    note = serializers.CharField(help_text="Why it ended so.")
    ground = serializers.ChoiceField([*Ground.choices, ("", "Not said")], help_text="On what a ruling rests.")
    created_at = TimestampField()
    resolved_at = TimestampField(allow_null=True)
    appealable_until = serializers.SerializerMethodField(help_text="Until when a side may appeal against the ruling.")
    available_actions = serializers.SerializerMethodField(help_text="What the caller may do in the dispute now.")

    def to_representation(self, instance: Dispute) -> dict[str, Any]:
        """Why it was ruled so is said by operators, and stays."""
        data = super().to_representation(instance)
        return data | {"note": instance.note} if instance.resolution == Dispute.Resolution.RULING else data

    @extend_schema_field(serializers.ChoiceField(Outcome.choices, allow_null=True))
    def get_requested_outcome(self, dispute: Dispute) -> str | None:
        return _outcome(dispute.asked_to_poster, dispute)

    @extend_schema_field(serializers.ChoiceField(Outcome.choices, allow_null=True))
    def get_outcome(self, dispute: Dispute) -> str | None:
        return _outcome(dispute.to_poster, dispute)

    @extend_schema_field(UsdcField(allow_null=True))
    def get_payout_usdc(self, dispute: Dispute) -> str | None:
        return format_usdc(dispute.job.payout or 0) if dispute.status == Dispute.Status.RESOLVED else None

    @extend_schema_field(TimestampField(allow_null=True))
    def get_appealable_until(self, dispute: Dispute) -> str | None:
        until = appealable_until(dispute)
        return format_timestamp(until) if until else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_available_actions(self, dispute: Dispute) -> list[str]:
        return available_actions(dispute, self.context["request"].actor)


def _outcome(to_poster: int | None, dispute: Dispute) -> str | None:
    return None if to_poster is None else outcome_of(to_poster, dispute.frozen).value


def take_wish(values: dict[str, Any], job: Job) -> int | None:
    """The same for what the opener asks, if it asks for anything and there is a price to divide."""
    if not any(name in values for name in SHARE):
        return None
    wish = {name: values.pop(name, None) for name in SHARE}
    return to_poster_of(job.price, **wish) if job.price is not None else None


class EvidenceRequest(RequestSerializer):
    """What to show: a text, a link or files that the caller has uploaded."""

    text = TextField(max_length=LONGEST_TEXT, required=False)
    link = TextField(max_length=2000, required=False)
    file_ids = FileIdsField()


class AnswerRequest(EvidenceRequest):
    """Evidence, which may answer a question of the mediator."""

    answers = serializers.UUIDField(required=False, help_text="Id of the question.")


class JobDisputeRequest(ShareRequest):
    """What is wrong, and what the caller asks for: it stands as its offer, which the other side may accept."""

    synonyms = {"outcome": ("requestedOutcome",)}

    reason = TextField(max_length=LONGEST_TEXT)
    category = WordField(choices=Category.choices, required=False)
    outcome = WordField(choices=Outcome.choices, required=False)
    evidence = serializers.ListField(child=EvidenceRequest(), max_length=MOST_AT_ONCE, required=False)


class NewDisputeRequest(JobDisputeRequest):
    """The same, and about which job."""

    job_id = serializers.UUIDField()


class ResponseRequest(RequestSerializer):
    """How the other side sees it."""

    synonyms = {"statement": ("response", "text")}

    statement = TextField(max_length=LONGEST_TEXT)


class OfferRequest(ShareRequest):
    """A way to end it."""

    note = TextField(max_length=LONGEST_TEXT, allow_blank=True, required=False)


class RulingRequest(ShareRequest):
    """How it ends, and why; both sides read it."""

    note = TextField(max_length=LONGEST_TEXT)
    ground = WordField(choices=Ground.choices, required=False)


class CloseRequest(RequestSerializer):
    """Why it is given up."""

    reason = TextField(max_length=LONGEST_TEXT, allow_blank=True, required=False)


class QuestionRequest(RequestSerializer):
    """What the mediator asks, and whom."""

    of = WordField(choices=InformationRequest.Of.choices)
    question = TextField(max_length=LONGEST_TEXT)


class MediatorRequest(RequestSerializer):
    """Who mediates from now on."""

    mediator_id = TextField(max_length=64, help_text="Handle or UUID.")
