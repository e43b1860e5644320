"""Jobs, templates and what happened to them in the words of the API (WIRE 1.3, 1.4)."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.files.serializers import AttachmentsField, FileIdsField, UploadField
from agents.models import Agent
from agents.serializers import AgentReferenceField, AvatarField
from jobs.bidding import HEAVIEST_WEIGHT, LONGEST_WINDOW, RULES, SHORTEST_WINDOW
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate, Submission
from jobs.points import LONGEST_POINT, MOST_POINTS
from jobs.qualification import MOST_SKILLS
from jobs.queries import find_template
from jobs.questions.models import LONGEST_QUESTION, MOST_QUESTIONS
from jobs.questions.queries import questions_of
from jobs.reviews.models import LONGEST_TEXT
from jobs.rows import TEXTS
from jobs.rules import available_actions, is_party
from jobs.shares import Outcome, to_poster_of
from jobs.terms import Terms
from marketplace.api.fields import (
    FixedField,
    FlagField,
    JSONObjectField,
    NumberField,
    TextField,
    TextOrObjectField,
    TimestampField,
    UsdcField,
    WholeNumberField,
    WordField,
)
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer
from marketplace.errors import NotFound
from marketplace.events.models import Event
from marketplace.money import BASIS_POINTS
from marketplace.screening.serializers import ScreenedSerializer
from marketplace.timestamps import format_timestamp
from wallets.models import Transfer
from wallets.queries import reference

HASH = {"type": ["string", "null"], "pattern": "^0x[0-9a-f]{64}$"}


@extend_schema_field({"type": "string", "maxLength": 64})
class TemplateReferenceField(TextField):
    """A template by UUID or slug."""

    def to_internal_value(self, data: Any) -> JobTemplate:  # type: ignore[override]
        try:
            return find_template(super().to_internal_value(data))
        except NotFound as error:
            raise serializers.ValidationError(error.detail) from error


class TemplateSerializer(CamelCaseSerializer):
    """A kind of job, with JSON Schemas for what goes in and what comes out."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    vertical = serializers.CharField()
    description = serializers.CharField()
    input_schema = JSONObjectField()
    output_schema = JSONObjectField()
    suggested_budget_usdc = UsdcField(source="suggested_budget")
    estimated_duration_ms = serializers.IntegerField()
    is_active = serializers.BooleanField()


class PartySerializer(CamelCaseSerializer):
    """An agent, as a job names it."""

    id = serializers.CharField(source="handle")
    uuid = serializers.UUIDField(source="id")
    kind = serializers.ChoiceField(Agent.Kind.choices)
    display_name = serializers.CharField(source="name")
    avatar_url = AvatarField()


class TemplateNameSerializer(CamelCaseSerializer):
    """A template, as a job names it."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    vertical = serializers.CharField()


class TermsSerializer(CamelCaseSerializer):
    """The rules of the deal: fees in basis points, windows in seconds; no `revisionsAllowed` means as many as the
    market lets anybody ask for."""

    fund_on = serializers.CharField()
    release_fee_bps = serializers.IntegerField()
    cancel_fee_bps = serializers.IntegerField()
    dispute_fee_bps = serializers.IntegerField()
    review_window_seconds = serializers.IntegerField()
    dispute_window_seconds = serializers.IntegerField()
    revisions_allowed = serializers.IntegerField(allow_null=True)
    rejection = serializers.CharField()
    bidding = serializers.CharField()
    bidding_window_seconds = serializers.IntegerField(allow_null=True, help_text="null: until the deadline.")
    weights = serializers.DictField(
        child=serializers.IntegerField(), allow_null=True, help_text="Of the parts of a bid's score; null: standard."
    )
    auto_accept = serializers.BooleanField(help_text="The best bid is accepted when bidding ends.")
    negotiation_window_seconds = serializers.IntegerField(help_text="Of a dispute, before a mediator joins.")
    mediation_window_seconds = serializers.IntegerField(help_text="Of a dispute, before it is ruled on.")
    arbitration_window_seconds = serializers.IntegerField(help_text="Within that a dispute is to be ruled on.")


class EscrowSerializer(CamelCaseSerializer):
    """Where the job's money is."""

    status = serializers.CharField()
    tx_hash = serializers.CharField(allow_null=True)


class JobSerializer(ScreenedSerializer):
    """A job, with every key that clients look for; what there is not is null, or "" where they want a text."""

    texts: tuple[str, ...] = TEXTS

    id = serializers.UUIDField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    vertical = serializers.CharField()
    budget_usdc = UsdcField(source="budget")
    price_usdc = UsdcField(source="price", allow_null=True)
    fee_usdc = UsdcField(source="fee", help_text="Kept by the marketplace when the job is paid.")
    payout_usdc = UsdcField(source="payout", allow_null=True, help_text="Paid to the worker.")
    tip_usdc = UsdcField(source="tip", help_text="Given to the worker on top of the payout.")
    matures_at = TimestampField(allow_null=True, help_text="Until then the payout is in clearing.")
    deadline_at = TimestampField()
    template_id = serializers.SerializerMethodField(help_text='"" without a template.')
    template = TemplateNameSerializer(allow_null=True)
    input_data = JSONObjectField()
    output_schema = JSONObjectField()
    acceptance_criteria = FixedField([])
    poster = PartySerializer()
    poster_id = serializers.UUIDField()
    agent_id = serializers.CharField(source="worker.handle", default=None, allow_null=True)
    assigned_agent_id = serializers.CharField(source="worker.handle", default=None, allow_null=True)
    assigned_agent = PartySerializer(source="worker", allow_null=True)
    payment_provider = FixedField("ON_CHAIN_USDC")
    payment_status = serializers.SerializerMethodField()
    escrow = serializers.SerializerMethodField()
    escrow_funded = serializers.SerializerMethodField()
    escrow_tx_hash = serializers.SerializerMethodField()
    escrow_job_id = serializers.SerializerMethodField()
    tx_hash = serializers.SerializerMethodField(help_text="The payment to the worker.")
    is_publicly_shareable = serializers.SerializerMethodField()
    required_pack = FixedField(None)
    required_certification = FixedField(None)
    participation_mode = FixedField(None)
    bid_count = serializers.IntegerField()
    progress_percent = serializers.IntegerField()
    revision_count = serializers.IntegerField()
    terms = TermsSerializer(source="rules")
    skills = serializers.ListField(child=serializers.CharField(), help_text="A bidder has to have all of them.")
    minimum_reputation = serializers.FloatField(allow_null=True, help_text="Of a bidder, 0 to 1.")
    minimum_completed_jobs = serializers.IntegerField(help_text="Of a bidder.")
    invited_agent_id = serializers.CharField(
        source="invited.handle", default=None, allow_null=True, help_text="A direct offer is for this agent alone."
    )
    lowest_bid_usdc = UsdcField(
        source="lowest_bid", allow_null=True, help_text="In a reverse auction; null where amounts are not shown."
    )
    bidding_ends_at = TimestampField(allow_null=True, help_text="null: at the deadline.")
    bidding_closed_at = TimestampField(allow_null=True)
    created_at = TimestampField()
    updated_at = TimestampField()
    published_at = TimestampField(allow_null=True)
    assigned_at = TimestampField(allow_null=True)
    started_at = TimestampField(allow_null=True)
    submitted_at = TimestampField(allow_null=True)
    auto_approve_at = TimestampField(allow_null=True)
    heartbeat_missed_at = serializers.SerializerMethodField(
        help_text="While the worker is silent: when that was found; for the two sides."
    )
    completed_at = TimestampField(allow_null=True)
    cancelled_at = TimestampField(allow_null=True)
    available_actions = serializers.SerializerMethodField(help_text="What the caller may do to the job now.")

    def get_template_id(self, job: Job) -> str:
        return str(job.template_id or "")

    @extend_schema_field(TimestampField(allow_null=True))
    def get_heartbeat_missed_at(self, job: Job) -> str | None:
        silent_since = job.silent_since if is_party(self.context["request"].actor, job) else None
        return format_timestamp(silent_since) if silent_since else None

    def get_payment_status(self, job: Job) -> str:
        return payment_status(job)

    @extend_schema_field(EscrowSerializer)
    def get_escrow(self, job: Job) -> dict[str, Any]:
        return {"status": payment_status(job), "txHash": self.get_escrow_tx_hash(job)}

    def get_escrow_funded(self, job: Job) -> bool:
        return payment_status(job) == "ESCROWED"

    @extend_schema_field(HASH)
    def get_escrow_tx_hash(self, job: Job) -> str | None:
        return _hash_of(job, Transfer.Kind.ESCROW_HOLD)

    def get_escrow_job_id(self, job: Job) -> str | None:
        return str(job.pk) if self.get_escrow_tx_hash(job) else None

    @extend_schema_field(HASH)
    def get_tx_hash(self, job: Job) -> str | None:
        return next(filter(None, (_hash_of(job, kind) for kind in Transfer.PAYING)), None)

    def get_is_publicly_shareable(self, job: Job) -> bool:
        return job.published_at is not None and job.invited_id is None

    def get_available_actions(self, job: Job) -> list[str]:
        return available_actions(job, self.context["request"].actor)


def payment_status(job: Job) -> str:
    """NONE when the deal holds no money; else UNFUNDED, ESCROWED, RELEASED or REFUNDED."""
    if job.rules.fund_on == "never":
        return "NONE"
    if job.status == Status.COMPLETED:
        return "RELEASED"
    if _hash_of(job, Transfer.Kind.ESCROW_HOLD) is None:
        return "UNFUNDED"
    return "REFUNDED" if job.status == Status.CANCELLED else "ESCROWED"


def _hash_of(job: Job, kind: Transfer.Kind) -> str | None:
    return next((reference(transfer) for transfer in job.transfers.all() if transfer.kind == kind), None)


class PublicJobSerializer(CamelCaseSerializer):
    """A job in short (WIRE 1.4)."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    budget_usdc = UsdcField(source="budget")
    deadline_at = TimestampField()
    created_at = TimestampField()
    assigned_agent = PartySerializer(source="worker", allow_null=True)
    bid_count = serializers.IntegerField()
    escrow_funded = serializers.SerializerMethodField()

    def get_escrow_funded(self, job: Job) -> bool:
        return payment_status(job) == "ESCROWED"


class PointSerializer(CamelCaseSerializer):
    """One thing that has to change. Its number, from 1, is its place in the list."""

    text = serializers.CharField()
    is_done = serializers.BooleanField(help_text="The worker says so, with the next submission.")


class SubmissionSerializer(ScreenedSerializer):
    """What the worker handed in, and what the poster said of it."""

    texts = ("outputData", "reason", "points")

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    output_data = JSONObjectField()
    content_hash = serializers.CharField(help_text="SHA-256 of the canonical JSON of `outputData`.")
    proof_hash = serializers.CharField(help_text="As the worker claims it.")
    proof = serializers.ChoiceField(
        Submission.Proof.choices,
        help_text="What that is worth. MISMATCH: the hash is neither that of the output nor of a file. REUSED: the same"
        " output or file was handed in for another job. With either, silence does not approve the work. UNVERIFIED:"
        " it cannot be checked, or all of the work lies behind links.",
    )
    files = AttachmentsField(source="attachments")
    verdict = serializers.ChoiceField(Submission.Verdict.choices)
    reason = serializers.CharField()
    category = serializers.CharField()
    points = PointSerializer(many=True, help_text="What has to change, point by point.")
    created_at = TimestampField()
    reviewed_at = TimestampField(allow_null=True)


class JobDetailSerializer(JobSerializer):
    """A job with its files, what it asks of bidders, and its latest submission, which only poster and worker may
    read."""

    texts = (*TEXTS, "questions")

    attachments = AttachmentsField()
    questions = serializers.SerializerMethodField(help_text="Each bid answers all of them, in this order.")
    submission = serializers.SerializerMethodField()

    def get_questions(self, job: Job) -> list[str]:
        return questions_of(job)

    @extend_schema_field(SubmissionSerializer(allow_null=True))
    def get_submission(self, job: Job) -> dict[str, Any] | None:
        if not is_party(self.context["request"].actor, job):
            return None
        latest = job.submissions.order_by("-number").first()
        return SubmissionSerializer(latest).data if latest else None


class EventSerializer(CamelCaseSerializer):
    """Something that happened to the job: who, when, from which status to which, and why."""

    id = serializers.UUIDField(source="uid")
    sequence = serializers.IntegerField(source="id")
    type = serializers.CharField()
    from_ = serializers.CharField(source="data.from", default=None, allow_null=True)
    to = serializers.CharField(source="data.to", default=None, allow_null=True)
    reason = serializers.SerializerMethodField()
    actor = PartySerializer(allow_null=True, help_text="null: the clock.")
    data = serializers.SerializerMethodField(  # type: ignore[assignment]  # a member called data
        help_text="Empty for those who are no party to the job."
    )
    created_at = TimestampField()

    def get_reason(self, event: Event) -> str | None:
        return self._data(event).get("reason")

    def get_data(self, event: Event) -> dict[str, Any]:
        return self._data(event)

    def _data(self, event: Event) -> dict[str, Any]:
        """What the two sides wrote is for the two sides; bidders read what is of their own bids."""
        is_for_caller = self.context["view"].is_party or event.type.startswith("bid.")
        return event.data if is_for_caller else {}


class WeightsRequest(RequestSerializer):
    """How much each part of a bid's score counts; what is absent counts nothing."""

    refuses_unknown = True

    price = WholeNumberField(min_value=0, max_value=HEAVIEST_WEIGHT, required=False)
    reputation = WholeNumberField(min_value=0, max_value=HEAVIEST_WEIGHT, required=False)
    eta = WholeNumberField(min_value=0, max_value=HEAVIEST_WEIGHT, required=False)
    relevance = WholeNumberField(min_value=0, max_value=HEAVIEST_WEIGHT, required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if not any(values.values()):
            raise serializers.ValidationError("At least one weight must be more than 0.")
        return values


class TermsRequest(RequestSerializer):
    """What the poster may choose of the Terms."""

    refuses_unknown = True

    bidding = serializers.ChoiceField(choices=[*RULES], required=False)
    bidding_window_seconds = WholeNumberField(min_value=SHORTEST_WINDOW, max_value=LONGEST_WINDOW, required=False)
    weights = WeightsRequest(required=False)
    auto_accept = FlagField(required=False)

    review_window_seconds = WholeNumberField(min_value=1, max_value=90 * 24 * 3600, required=False)
    revisions_allowed = WholeNumberField(min_value=0, max_value=settings.MOST_REVISIONS, required=False)


class JobContentRequest(RequestSerializer):
    """What a job says."""

    title = TextField(max_length=200, required=False)
    description = TextField(max_length=20_000, allow_blank=True, required=False)
    vertical = TextField(max_length=50, allow_blank=True, required=False)
    budget_usdc = UsdcField(source="budget", required=False)
    input_data = JSONObjectField(required=False)
    deadline_at = TimestampField(required=False)
    skills = serializers.ListField(
        child=TextField(max_length=50), max_length=MOST_SKILLS, required=False, help_text="What a bidder has to have."
    )
    minimum_reputation = NumberField(min_value=0, max_value=1, required=False)
    minimum_completed_jobs = WholeNumberField(min_value=0, max_value=1_000_000, required=False)
    attachment_ids = FileIdsField(source="attachments", help_text="Files uploaded before (POST /v1/files), in order.")
    questions = serializers.ListField(
        child=TextField(max_length=LONGEST_QUESTION),
        max_length=MOST_QUESTIONS,
        required=False,
        help_text="Short questions that everybody who bids has to answer.",
    )


class NewJobRequest(JobContentRequest):
    """A job from a template, which lends its name and budget, or plainly with a title and a budget."""

    refused = {
        "outputSchema": "Comes from the template alone: name one in templateId, or describe the output in words."
    }

    template_id = TemplateReferenceField(source="template", required=False)
    terms = TermsRequest(required=False)
    invited_agent_id = AgentReferenceField(source="invited", required=False, help_text="Makes it a direct offer.")
    publish = FlagField(required=False, help_text="false keeps it a draft.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        template = values.get("template")
        if template is not None:
            values.setdefault("title", template.name)
            if template.suggested_budget:
                values.setdefault("budget", template.suggested_budget)
        missing = [name for name, source in (("title", "title"), ("budgetUsdc", "budget")) if source not in values]
        if missing:
            raise serializers.ValidationError(dict.fromkeys(missing, "This field is required."))
        values.setdefault("description", "")
        chosen = values.get("terms", {})
        if "invited" in values:
            chosen.setdefault("bidding", "direct")
        values["terms"] = Terms.default(**chosen)
        return values


class JobChangesRequest(JobContentRequest):
    """Changes to a draft or an open job; what is absent stays."""


class ProgressRequest(RequestSerializer):
    """How far the work is."""

    synonyms = {"percent": ("progressPercent", "progress")}

    percent = WholeNumberField(min_value=0, max_value=100)
    note = TextField(max_length=2000, allow_blank=True, required=False)


class SubmitRequest(RequestSerializer):
    """The output. What else clients send (WIRE 1.3) is taken as one when there is no `outputData`: an object in
    `output` as it stands, anything else as the members of one."""

    output_data = JSONObjectField(required=False)
    output = TextOrObjectField(max_length=100_000, required=False)
    metadata = JSONObjectField(required=False)
    proof_url = TextField(max_length=2000, allow_blank=True, required=False)
    summary = TextField(max_length=20_000, required=False)
    artifacts = serializers.ListField(child=JSONObjectField(), max_length=100, required=False)
    proof_hash = TextField(max_length=200, allow_blank=True, required=False)
    file_ids = FileIdsField(help_text="Files uploaded before (POST /v1/files), in order.")
    files = serializers.ListField(
        child=UploadField(),
        max_length=settings.MOST_ATTACHMENTS,
        required=False,
        help_text="Files themselves, where the body is `multipart/form-data`; objects and lists beside them are JSON.",
    )
    done_points = serializers.ListField(
        child=WholeNumberField(min_value=1),
        max_length=MOST_POINTS,
        required=False,
        help_text="Numbers, from 1, of the points of the latest request for changes that are done.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        names = {"output": "output", "summary": "summary", "artifacts": "artifacts"}
        names |= {"metadata": "metadata", "proof_url": "proofUrl"}
        told = {names[name]: values.pop(name) for name in names if name in values}
        output = told.get("output")
        values.setdefault("output_data", output if isinstance(output, dict) else told)
        if not values["output_data"] and not values.get("file_ids") and not values.get("files"):
            raise serializers.ValidationError({"outputData": "This field is required."})
        return values


class ApprovalRequest(RequestSerializer):
    """A tip on top of the price and a review of the work, if the poster likes."""

    synonyms = {"review": ("text", "comment")}

    tip_usdc = UsdcField(source="tip", required=False)
    rating = WholeNumberField(min_value=1, max_value=5, required=False, help_text="Stars for the work.")
    review = TextField(
        max_length=LONGEST_TEXT, allow_blank=True, required=False, help_text="Words with the stars, for all to read."
    )


class TipRequest(RequestSerializer):
    """How much the worker gets on top."""

    synonyms = {"amountUsdc": ("amount", "tipUsdc")}

    amount_usdc = UsdcField(source="amount")


class RejectionRequest(RequestSerializer):
    """What has to change."""

    reason = TextField(max_length=5000, min_length=3)
    category = TextField(max_length=50, allow_blank=True, required=False)
    points = serializers.ListField(
        child=TextField(max_length=LONGEST_POINT),
        max_length=MOST_POINTS,
        required=False,
        help_text="The same point by point; the worker ticks them off when handing in again.",
    )


class CancellationRequest(RequestSerializer):
    """Why, if the caller likes to say."""

    reason = TextField(max_length=5000, allow_blank=True, required=False)


class ShareRequest(RequestSerializer):
    """What is to happen to the money. A split is said in amounts or in basis points, for one side or both."""

    outcome = WordField(choices=Outcome.choices)
    poster_usdc = UsdcField(source="poster", required=False)
    worker_usdc = UsdcField(source="worker", required=False)
    poster_bps = WholeNumberField(min_value=0, max_value=BASIS_POINTS, required=False)
    worker_bps = WholeNumberField(min_value=0, max_value=BASIS_POINTS, required=False)


SHARE = ("outcome", "poster", "worker", "poster_bps", "worker_bps")


def take_share(values: dict[str, Any], frozen: int) -> int:
    """Takes what `ShareRequest` read out of the values: the poster's of the frozen micro-USDC. Raises Invalid."""
    return to_poster_of(frozen, **{name: values.pop(name, None) for name in SHARE})
