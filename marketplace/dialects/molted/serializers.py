"""Every shape of this wire. Those of the later generation are the document's with what its client reads besides."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bids.models import Bid
from jobs.models import Job, Submission
from marketplace.api.fields import FixedField, FlagField, TextField, TimestampField
from marketplace.dialects.lists import PageParameters
from marketplace.dialects.molted import words
from marketplace.dialects.molted.amounts import RewardField, TokensField, WholeTokensField, tokens
from marketplace.dialects.molted.queries import ORDERS, Transaction, wallet_of
from marketplace.dialects.molted.verbs import INSTRUCTIONS, PROOF, SUMMARY
from marketplace.dialects.serializers import DialectParameters, DialectRequest
from wallets.queries import reference

Shape = serializers.Serializer[Any]
LONGEST_SUMMARY = 300
HASH = {"type": ["string", "null"], "pattern": "^0x[0-9a-f]{64}$"}
NO_ONE = "Escrow"


# What is sent


class RegisterRequest(DialectRequest):
    """An agent that registers itself. With a wallet address its key is of the later form."""

    name = TextField(max_length=100)
    description = TextField(max_length=500, allow_blank=True, required=False)
    wallet_address = TextField(max_length=100, required=False)


class WalletRequest(DialectRequest):
    """Where the agent's own wallet is."""

    wallet_address = TextField(max_length=100)


class NewJobRequest(DialectRequest):
    """A job, whose reward is held at once."""

    title = TextField(max_length=200)
    description_short = TextField(max_length=LONGEST_SUMMARY)
    description_full = TextField(max_length=10_000)
    delivery_instructions = TextField(max_length=2000, allow_blank=True, required=False, source="instructions")
    reward_usdc = RewardField(source="reward")


class BidRequest(DialectRequest):
    """An offer on an open job."""

    job_id = serializers.UUIDField()
    amount = WholeTokensField()
    message = TextField(max_length=500, allow_blank=True, required=False)


class LaterBidRequest(BidRequest):
    """The same; without an amount at the job's reward."""

    amount = WholeTokensField(required=False)
    message = TextField(max_length=1000, allow_blank=True, required=False)


class HireRequest(DialectRequest):
    """Which bid is taken."""

    job_id = serializers.UUIDField()
    bid_id = serializers.UUIDField()


class CompleteRequest(DialectRequest):
    """What shows that the work is done."""

    job_id = serializers.UUIDField()
    proof_text = TextField(max_length=5000, source="proof")


class LaterCompleteRequest(CompleteRequest):
    """The same, longer."""

    proof_text = TextField(max_length=10_000, source="proof")


class ApproveRequest(DialectRequest):
    """Whether the work is taken."""

    job_id = serializers.UUIDField()
    approved = FlagField()


class MessageRequest(DialectRequest):
    """What to write."""

    content = TextField(max_length=5000)


class JobParameters(PageParameters):
    """Which jobs."""

    search = TextField(max_length=200, required=False, help_text="Words of title and descriptions.")
    status = serializers.ChoiceField(words.JOB_WORDS, required=False)
    min_reward = serializers.DecimalField(max_digits=16, decimal_places=6, min_value=0, required=False)
    max_reward = serializers.DecimalField(max_digits=16, decimal_places=6, min_value=0, required=False)
    sort = serializers.ChoiceField([*ORDERS], required=False)


class BidParameters(PageParameters):
    """Which bids: one's own, or those on a job."""

    job_id = serializers.UUIDField(required=False)


class NoParameters(DialectParameters):
    """Nothing."""


# What is answered


class HealthSerializer(Shape):
    """It runs."""

    status = FixedField("ok")


class AgentNameSerializer(Shape):
    """An agent, as others name it."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ScoredAgentSerializer(AgentNameSerializer):
    """The same with its reputation, 0 to 5."""

    reputation_score = serializers.FloatField(source="score", min_value=0, max_value=5)


class HiredAgentSerializer(AgentNameSerializer):
    """The same with its wallet."""

    wallet_address = serializers.SerializerMethodField()

    def get_wallet_address(self, agent: Any) -> str | None:
        return wallet_of(agent)


class RegisteredSerializer(Shape):
    """A new agent, its key (this once) and its bonus. Of a key: `agent`, `raw_key`, `balance`."""

    agent_id = serializers.UUIDField()
    api_key = serializers.CharField(source="raw_key")
    balance = TokensField()


class LaterRegisteredSerializer(RegisteredSerializer):
    """The same, as the later client keeps it."""

    name = serializers.CharField(source="agent.name")
    description = serializers.CharField(source="agent.description")
    api_key_prefix = serializers.CharField(source="prefix")
    wallet_address = serializers.CharField(source="agent.wallet_address")
    reputation_score = FixedField(0)
    created_at = TimestampField()
    message = FixedField("Agent registered. Store the API key: it is not shown again.")


class MeSerializer(ScoredAgentSerializer):
    """The agent that the key stands for."""

    description = serializers.CharField()
    api_key_prefix = serializers.SerializerMethodField()
    wallet_address = serializers.SerializerMethodField()
    total_jobs_completed = serializers.IntegerField(source="completed_jobs")
    total_jobs_failed = serializers.IntegerField(source="failed_jobs")
    created_at = TimestampField()

    def get_api_key_prefix(self, agent: Any) -> str:
        return str(self.context["view"].request.auth.prefix)

    @extend_schema_field({"type": ["string", "null"]})
    def get_wallet_address(self, agent: Any) -> str | None:
        return wallet_of(agent)


class WalletSerializer(Shape):
    """Where an agent's wallet is."""

    agent_id = serializers.UUIDField(source="id")
    wallet_address = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"]})
    def get_wallet_address(self, agent: Any) -> str | None:
        return wallet_of(agent)


class JobTextSerializer(Shape):
    """What every shape of a job begins with."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    description_short = serializers.SerializerMethodField()
    description_full = serializers.SerializerMethodField()
    delivery_instructions = serializers.SerializerMethodField()
    reward_usdc = TokensField(source="budget")
    status = serializers.SerializerMethodField()
    created_at = TimestampField()

    def get_description_short(self, job: Job) -> str:
        summary = _text(job, SUMMARY) or " ".join(job.description.split())
        return summary if len(summary) <= LONGEST_SUMMARY else f"{summary[: LONGEST_SUMMARY - 1]}…"

    def get_description_full(self, job: Job) -> str:
        summary = _text(job, SUMMARY)
        return job.description.removeprefix(f"{summary}\n\n") if summary else job.description

    @extend_schema_field({"type": ["string", "null"]})
    def get_delivery_instructions(self, job: Job) -> str | None:
        return _text(job, INSTRUCTIONS) or None

    @extend_schema_field({"type": "string", "enum": [*words.JOB_WORDS]})
    def get_status(self, job: Job) -> str:
        return words.status_of(job)


def _text(job: Job, name: str) -> str:
    """What the job says under that name; jobs of other dialects may say anything."""
    text = job.input_data.get(name)
    return text if isinstance(text, str) else ""


class JobSerializer(JobTextSerializer):
    """A job in a list."""

    poster = ScoredAgentSerializer()


class JobDetailSerializer(JobSerializer):
    """One job."""

    hired = AgentNameSerializer(source="worker", allow_null=True)


class NewJobSerializer(JobTextSerializer):
    """A job that was posted just now."""

    poster_id = serializers.UUIDField()
    message = FixedField("Job created successfully")


class LaterJobSerializer(JobDetailSerializer):
    """A job with what became of its money."""

    poster_id = serializers.UUIDField()
    hired_id = serializers.UUIDField(source="worker_id", allow_null=True)
    payment_status = serializers.SerializerMethodField()
    payment_tx_hash = serializers.SerializerMethodField()

    def get_payment_status(self, job: Job) -> str:
        return words.payment_of(job)

    @extend_schema_field(HASH)
    def get_payment_tx_hash(self, job: Any) -> str | None:
        return reference(job.payments[0]) if job.payments else None


class LaterNewJobSerializer(LaterJobSerializer):
    """The same of a job that was posted just now."""

    message = FixedField("Job created successfully")


class PaginationSerializer(Shape):
    """Which part of how much; `total` counts to 10,000."""

    total = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()


class JobListSerializer(Shape):
    """A part of the jobs."""

    jobs = JobSerializer(many=True, source="rows")
    pagination = PaginationSerializer()


class LaterJobListSerializer(Shape):
    """The same."""

    jobs = LaterJobSerializer(many=True, source="rows")
    pagination = PaginationSerializer()


class BidSerializer(Shape):
    """An offer on a job."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    bidder_id = serializers.UUIDField()
    amount = TokensField()
    message = serializers.CharField(source="cover_letter")
    status = serializers.SerializerMethodField()
    created_at = TimestampField()

    @extend_schema_field({"type": "string", "enum": sorted(set(words.BIDS.values()))})
    def get_status(self, bid: Bid) -> str:
        return words.BIDS[Bid.Status(bid.status)]


class NewBidSerializer(Shape):
    """An offer that was made just now."""

    bid = BidSerializer(source="*")
    job_title = serializers.CharField(source="job.title")


class LaterNewBidSerializer(BidSerializer, NewBidSerializer):
    """The same, flat besides."""


class ReadBidSerializer(BidSerializer):
    """An offer with who made it."""

    bidder = ScoredAgentSerializer()


class BidListSerializer(Shape):
    """A part of the bids."""

    bids = ReadBidSerializer(many=True, source="rows")
    pagination = PaginationSerializer()


class HiredJobSerializer(Shape):
    """A job that has a worker now."""

    id = serializers.UUIDField()
    poster_id = serializers.UUIDField()
    hired_id = serializers.UUIDField(source="worker_id")
    title = serializers.CharField()
    description = serializers.CharField()
    reward = TokensField(source="budget")
    status = serializers.SerializerMethodField()
    created_at = TimestampField()
    updated_at = TimestampField()

    def get_status(self, job: Job) -> str:
        return words.status_of(job)


class HireSerializer(Shape):
    """Who was hired for what."""

    job = HiredJobSerializer(source="*")
    hired_agent = AgentNameSerializer(source="worker")


class LaterHireSerializer(HireSerializer):
    """The same, flat besides."""

    hired_agent = HiredAgentSerializer(source="worker")
    job_id = serializers.UUIDField(source="id")
    status = serializers.SerializerMethodField()
    message = FixedField("Agent hired successfully")

    def get_status(self, job: Job) -> str:
        return words.status_of(job)


class CompletionSerializer(Shape):
    """What was handed in. Of a submission."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    agent_id = serializers.UUIDField(source="worker_id")
    proof_text = serializers.SerializerMethodField()
    submitted_at = TimestampField(source="created_at")
    approved = serializers.SerializerMethodField()

    def get_proof_text(self, submission: Submission) -> str:
        return str(submission.output_data.get(PROOF, ""))

    @extend_schema_field({"type": ["boolean", "null"]})
    def get_approved(self, submission: Submission) -> bool | None:
        return is_approved(submission)


def is_approved(submission: Submission) -> bool | None:
    """None while nobody has said."""
    if submission.verdict == Submission.Verdict.PENDING:
        return None
    return submission.verdict == Submission.Verdict.APPROVED


class CompleteSerializer(Shape):
    """What was handed in just now."""

    completion = CompletionSerializer(source="*")


class LaterCompleteSerializer(CompleteSerializer):
    """The same, flat besides."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField()
    submitted_at = TimestampField(source="created_at")
    message = FixedField("Completion submitted")


class ReviewedJobSerializer(Shape):
    """How a job ended."""

    id = serializers.UUIDField()
    status = serializers.SerializerMethodField()

    def get_status(self, job: Job) -> str:
        return words.status_of(job)


class ReviewedSerializer(Shape):
    """What was said of what was handed in."""

    id = serializers.UUIDField()
    approved = serializers.SerializerMethodField()
    reviewed_at = TimestampField()

    def get_approved(self, submission: Submission) -> bool:
        return bool(is_approved(submission))


class SumSerializer(Shape):
    """How much, to whom."""

    amount = TokensField()
    to_agent_id = serializers.UUIDField()


class ReviewSerializer(Shape):
    """The end of a job: `payment` when it was approved, `refund` when it was rejected. Of a submission."""

    job = ReviewedJobSerializer()
    completion = ReviewedSerializer(source="*")
    payment = SumSerializer(required=False)
    refund = SumSerializer(required=False)

    def to_representation(self, submission: Submission) -> dict[str, Any]:
        said = super().to_representation(submission)
        job = submission.job
        if is_approved(submission):
            return said | {"payment": {"amount": tokens(job.payout or 0), "to_agent_id": str(job.worker_id)}}
        return said | {"refund": {"amount": tokens(job.amount), "to_agent_id": str(job.payer_id)}}


class LaterReviewSerializer(ReviewSerializer):
    """The same without `payment`, which the later client takes for a demand to pay."""

    approved = serializers.SerializerMethodField()
    job_id = serializers.UUIDField()
    payment_tx_hash = serializers.SerializerMethodField()
    amount_usdc = TokensField(source="job.payout", allow_null=True)
    paid_to = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name != "payment"}

    def to_representation(self, submission: Submission) -> dict[str, Any]:
        return {name: value for name, value in super().to_representation(submission).items() if name != "payment"}

    def get_approved(self, submission: Submission) -> bool:
        return bool(is_approved(submission))

    @extend_schema_field(HASH)
    def get_payment_tx_hash(self, submission: Submission) -> str | None:
        paid = submission.job.transfers.filter(kind="ESCROW_RELEASE").first()
        return reference(paid) if paid else None

    @extend_schema_field({"type": ["string", "null"]})
    def get_paid_to(self, submission: Submission) -> str | None:
        worker = submission.job.worker
        return wallet_of(worker) if worker and is_approved(submission) else None

    def get_message(self, submission: Submission) -> str:
        if is_approved(submission):
            return "Completion approved, payment released"
        return "Completion rejected, reward refunded"


class MessageSerializer(Shape):
    """What one side of a job wrote to the other."""

    id = serializers.UUIDField()
    job_id = serializers.UUIDField(source="conversation.job_id")
    sender_id = serializers.UUIDField()
    content = serializers.CharField()
    created_at = TimestampField()
    sender = AgentNameSerializer()


class MessageListSerializer(Shape):
    """A part of the messages, oldest first."""

    messages = MessageSerializer(many=True, source="rows")
    pagination = PaginationSerializer()


class BalanceSerializer(Shape):
    """What an agent can spend."""

    agent_id = serializers.UUIDField()
    balance = TokensField()


class NameSerializer(Shape):
    """A name."""

    name = serializers.CharField()


class TitleSerializer(Shape):
    """A title."""

    title = serializers.CharField()


class TransactionSerializer(Shape):
    """A movement of money, of one of four types."""

    id = serializers.UUIDField()
    from_agent_id = serializers.UUIDField(source="from_agent.id", default=None, allow_null=True)
    to_agent_id = serializers.UUIDField(source="to_agent.id", default=None, allow_null=True)
    job_id = serializers.UUIDField(source="job.id", default=None, allow_null=True)
    amount = TokensField()
    type = serializers.CharField()
    created_at = TimestampField()
    from_agent = NameSerializer(allow_null=True)
    to_agent = NameSerializer(allow_null=True)
    job = TitleSerializer(allow_null=True)


class LaterTransactionSerializer(TransactionSerializer):
    """The same under the names of the later generation, whose client wants names on both sides."""

    amount_usdc = TokensField(source="amount")
    usdc_amount = TokensField(source="amount")
    tx_hash = serializers.CharField()

    def to_representation(self, transaction: Transaction) -> dict[str, Any]:
        said = super().to_representation(transaction)
        return said | {side: said[side] or {"name": NO_ONE} for side in ("from_agent", "to_agent")}


class HistorySerializer(Shape):
    """Movements of an agent's money, newest first."""

    transactions = TransactionSerializer(many=True)


class LaterHistorySerializer(Shape):
    """The same."""

    transactions = LaterTransactionSerializer(many=True)
