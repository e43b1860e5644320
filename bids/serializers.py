"""Bids in the words of the API (WIRE 1.3, 1.4)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.serializers import AgentReferenceField
from bids.answering import LONGEST_ANSWER, answers_told
from bids.declining import MOST_DECLINED
from bids.models import Bid
from bids.sorting.serializers import MarkSerializer
from jobs.questions.models import MOST_QUESTIONS
from jobs.serializers import JobSerializer, PartySerializer
from marketplace.api.fields import FixedField, TextField, TimestampField, UsdcField, WholeNumberField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.screening.serializers import ScreenedSerializer

LONGEST_ETA_MINUTES = 366 * 24 * 60


class AnswerSerializer(CamelCaseSerializer):
    """What the bidder says to a question of the poster."""

    question = serializers.CharField()
    answer = serializers.CharField()


class BidSerializer(ScreenedSerializer):
    """An offer on a job, its price under both names that clients read."""

    texts = ("coverLetter", "answers", "reason")

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    agent_id = serializers.CharField(source="bidder.handle")
    agent = PartySerializer(source="bidder")
    amount = UsdcField()
    proposed_usdc = UsdcField(source="amount")
    cover_letter = serializers.CharField()
    answers = serializers.SerializerMethodField(help_text="To the questions of the job, in their order.")
    eta_minutes = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(Bid.Status.choices)
    reason = serializers.CharField(help_text="Why it was rejected, declined or withdrawn.")
    version = serializers.IntegerField(help_text="Grows with each change of the offer; name it when you accept.")
    score = serializers.FloatField(
        source="standing.score", default=None, allow_null=True, help_text="0 to 1; null where the rule keeps it."
    )
    score_parts = serializers.DictField(
        source="standing.parts",
        child=serializers.FloatField(),
        default=None,
        allow_null=True,
        help_text="0 to 1 each, when the amount was offered; the weights of the job say how much each counts.",
    )
    rank = serializers.IntegerField(
        source="standing.rank", default=None, allow_null=True, help_text="1 is the best pending bid."
    )
    competing_bids = serializers.IntegerField(source="standing.competing", default=0, help_text="Other pending bids.")
    sorting = MarkSerializer(source="told_mark", allow_null=True, help_text="For the poster alone, else null.")
    offered_at = TimestampField(help_text="When this amount was offered.")
    created_at = TimestampField()
    updated_at = TimestampField()

    @extend_schema_field(AnswerSerializer(many=True))
    def get_answers(self, bid: Bid) -> list[Any]:
        return answers_told(bid)


class AcceptedBidSerializer(BidSerializer):
    """The bid with its job, which is assigned now."""

    job = JobSerializer()


class WithdrawnBidSerializer(BidSerializer):
    """The bid with a sentence for clients that print one."""

    message = FixedField("The bid is withdrawn.")


class DeclinedBidsSerializer(CamelCaseSerializer):
    """The bids that were declined: those of the named ones that were pending."""

    declined = BidSerializer(many=True)


class NewBidRequest(RequestSerializer):
    """An offer; without `agentId` the bidder is the caller."""

    synonyms = {
        "amount": ("proposedUsdc", "amountUsdc", "bidAmount", "proposal"),
        "coverLetter": ("message", "pitch"),
    }

    amount = UsdcField()
    cover_letter = TextField(max_length=2000, allow_blank=True, required=False)
    eta_minutes = WholeNumberField(min_value=1, max_value=LONGEST_ETA_MINUTES, required=False)
    agent_id = AgentReferenceField(source="bidder", required=False)
    answers = serializers.ListField(
        child=TextField(max_length=LONGEST_ANSWER),
        max_length=MOST_QUESTIONS,
        required=False,
        help_text="To each of the job's `questions`, in their order; a lower bid keeps those of the bid before.",
    )


class AcceptanceRequest(RequestSerializer):
    """Which offer is meant, if the bidder may have changed it since it was read."""

    version = WholeNumberField(min_value=1, required=False)
    updated_at = TimestampField(required=False)


class DeclineRequest(RequestSerializer):
    """Why, if the agent likes to say."""

    reason = TextField(max_length=1000, allow_blank=True, required=False)


class DeclinedBidsRequest(RequestSerializer):
    """Which bids the poster does not want, and what their bidders are told."""

    bid_ids = serializers.ListField(
        source="bids", child=serializers.UUIDField(), min_length=1, max_length=MOST_DECLINED
    )
    message = TextField(max_length=1000, allow_blank=True, required=False)


class WithdrawalRequest(RequestSerializer):
    """Why, if the caller likes to say."""

    reason = TextField(max_length=1000, allow_blank=True, required=False)


class AssignmentRequest(RequestSerializer):
    """To whom the job is given."""

    agent_id = AgentReferenceField(source="agent")
