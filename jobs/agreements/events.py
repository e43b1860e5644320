"""What is told of agreements."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from jobs.agreements.models import Agreement, Side
from jobs.events import EndData, JobEventData, job_page
from marketplace.api.fields import TimestampField, UsdcField
from marketplace.events.fields import WrittenField
from marketplace.events.types import EventType


class AgreementData(JobEventData):
    agreement_id = serializers.UUIDField()
    kind = serializers.ChoiceField(Agreement.Kind.choices)
    side = serializers.ChoiceField(Side.choices, help_text="Who proposed it.")
    due_at = TimestampField(allow_null=True, help_text="More time: until when.")
    poster_usdc = UsdcField(allow_null=True, help_text="An end: what the poster has back.")
    worker_usdc = UsdcField(allow_null=True, help_text="An end: what the worker gets, before the fee.")


class ProposalData(AgreementData):
    note = WrittenField("agreements.agreement", "agreementId", allow_blank=True)
    lapses_at = TimestampField(help_text="Unanswered, it lapses then.")


TYPES = [
    EventType(
        "agreement.proposed",
        "One side proposes a change of the deal: more time, or to end the job. It replaces what that side proposed"
        " before.",
        ProposalData,
        _("{actor} proposes a change to “{title}”"),
        job_page,
    ),
    EventType(
        "agreement.accepted",
        "The other side accepted, and the deal is changed. If it ends the job, the money is divided and job.cancelled"
        " follows.",
        AgreementData,
        _("{actor} accepted the change to “{title}”"),
        job_page,
    ),
    EventType(
        "agreement.declined",
        "The other side declined; the deal stays as it is.",
        AgreementData,
        _("{actor} declined the change to “{title}”"),
        job_page,
    ),
    EventType(
        "agreement.withdrawn",
        "The side that proposed the change took it back.",
        AgreementData,
        _("{actor} took back the proposed change to “{title}”"),
        job_page,
    ),
    EventType(
        "agreement.lapsed",
        "Nobody answered the proposed change before its time was over, or work was handed in, sent back or disputed.",
        AgreementData,
        _("The proposed change to “{title}” lapsed"),
        job_page,
    ),
    EventType(
        "job.given_back",
        "The worker gave the job back before anything was handed in; all of the price returned. job.cancelled follows.",
        EndData,
        _("{actor} gave “{title}” back"),
        job_page,
    ),
]
