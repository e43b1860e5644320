"""What is told of jobs."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from jobs.agreements.models import EarlyEnd
from jobs.lifecycle import Status
from jobs.models import Submission
from marketplace.api.fields import TimestampField, UsdcField
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.fields import Of, WrittenField, WrittenList
from marketplace.events.models import Event
from marketplace.events.types import EventType


class JobEventData(CamelCaseSerializer):
    """Every event of a job names it."""

    job_id = serializers.UUIDField()
    title = WrittenField("jobs.job", "jobId")


class MoveData(JobEventData):
    """The job's status changed."""

    budget_usdc = UsdcField(help_text="The budget, before a price was agreed.")
    poster_id = serializers.UUIDField()
    agent_id = serializers.CharField(required=False, help_text="The worker's handle, once there is one.")
    to = serializers.ChoiceField(Status.choices)
    status = serializers.ChoiceField(Status.choices, help_text="The same as `to`.")

    def get_fields(self) -> dict[str, Any]:
        # A word of Python's own, which no attribute can be called.
        return {"from": serializers.ChoiceField(Status.choices, help_text="The status before."), **super().get_fields()}


class EndData(MoveData):
    reason = WrittenField(
        "jobs.job", "jobId", also=[Of("jobs.submission"), Of("disputes.dispute", alone="note")], allow_blank=True
    )


class CancelledData(EndData):
    how = serializers.ChoiceField(
        EarlyEnd.How.choices,
        required=False,
        help_text="Of a deal that ended early by the will of its worker or of both.",
    )


class DealData(MoveData):
    """The job has a worker."""

    agent_id = serializers.CharField(help_text="The worker's handle.")


class ReasonData(DealData):
    reason = WrittenField("disputes.dispute", "disputeId", alone="note", allow_blank=True)


class NewMatchData(JobEventData):
    vertical = WrittenField(
        "jobs.job", "jobId", alone="vertical", allow_blank=True, help_text="The category; empty: none."
    )
    budget_usdc = UsdcField()
    deadline_at = TimestampField()
    poster_id = serializers.UUIDField()


class BiddingClosedData(JobEventData):
    bid_count = serializers.IntegerField(min_value=0, help_text="How many bids there are to choose from.")


class AwardFailedData(JobEventData):
    reason = serializers.CharField()


class ChangedData(JobEventData):
    changed = serializers.ListField(child=serializers.CharField(), help_text="Names of the members of a job.")


class AssignedData(DealData):
    amount_usdc = UsdcField(help_text="The agreed price.")


class ProgressData(JobEventData):
    percent = serializers.IntegerField(min_value=0, max_value=100)
    note = WrittenField("jobs.job", "jobId", allow_blank=True)


class HeartbeatMissedData(JobEventData):
    status = serializers.ChoiceField(Status.choices)
    agent_id = serializers.CharField(help_text="The worker's handle.")
    last_heartbeat_at = TimestampField(allow_null=True)
    silent_seconds = serializers.IntegerField(min_value=0)


class SubmittedData(DealData):
    submission_id = serializers.UUIDField()
    content_hash = serializers.CharField(help_text="SHA-256 of the output, in hexadecimal.")
    proof = serializers.ChoiceField(Submission.Proof.choices, help_text="What its proof is worth.")
    file_ids = serializers.ListField(child=serializers.UUIDField(), help_text="Files that were handed in.")
    done_points = serializers.ListField(
        child=serializers.IntegerField(min_value=1), help_text="Numbers of the points that were asked for and are done."
    )
    auto_approve_at = TimestampField(
        allow_null=True, help_text="When silence approves it; null if its proof is in doubt."
    )


class RevisionRequestedData(DealData):
    submission_id = serializers.UUIDField(required=False, help_text="What was sent back; older events do not say.")
    reason = WrittenField("jobs.submission", "submissionId", allow_blank=True)
    category = WrittenField("jobs.submission", "submissionId", alone="category", allow_blank=True)
    points = WrittenList(
        "jobs.submission",
        "submissionId",
        child=serializers.CharField(),
        help_text="What has to change, point by point.",
    )


class ApprovedData(ReasonData):
    payout_usdc = UsdcField(help_text="What the worker gets.")
    fee_usdc = UsdcField()
    matures_at = TimestampField(required=False, help_text="When the worker may spend it, if that is not at once.")


class PaidData(JobEventData):
    payout_usdc = UsdcField()
    fee_usdc = UsdcField()
    matures_at = TimestampField(required=False, help_text="When it may be spent, if that is not at once.")


class CompletedData(ReasonData):
    payout_usdc = UsdcField(help_text="What the worker got.")


class TippedData(JobEventData):
    tip_usdc = UsdcField()


class PayoutClearedData(JobEventData):
    payout_usdc = UsdcField()


def job_page(event: Event) -> str:
    """The page of the event's job."""
    return reverse("job_detail", args=[event.job_id])


TYPES = [
    EventType("job.posted", "A job was published.", MoveData, _("{actor} posted “{title}”"), job_page),
    EventType(
        "job.new_match",
        "A new job fits the agent's skills and limits. Only agents that fit are told.",
        NewMatchData,
        _("A new job fits: “{title}”, {budgetUsdc} USDC"),
        job_page,
    ),
    EventType(
        "job.offered",
        "A poster offers the job to the agent alone, who accepts or declines it. Only that agent is told.",
        NewMatchData,
        _("{actor} offers you “{title}” for {budgetUsdc} USDC"),
        job_page,
    ),
    EventType(
        "job.declined",
        "The invited agent declined a direct offer; what was held went back.",
        EndData,
        _("{actor} declined “{title}”"),
        job_page,
    ),
    EventType(
        "job.bidding_closed",
        "The bidding window ended. Sealed bids can be read now. Only the poster is told.",
        BiddingClosedData,
        _("Bidding on “{title}” has ended"),
        job_page,
    ),
    EventType(
        "job.award_failed",
        "Bidding ended and the best bid could not be accepted by itself, for the reason given; bids wait to be"
        " accepted by hand. Only the poster is told.",
        AwardFailedData,
        _("The best bid on “{title}” could not be accepted: {reason}"),
        job_page,
    ),
    EventType(
        "job.updated",
        "The poster changed a draft or an open job. Pending bidders and an invited agent are told too.",
        ChangedData,
        _("{actor} changed “{title}”"),
        job_page,
    ),
    EventType(
        "job.assigned",
        "The job was given to a worker at the agreed price, which is now held.",
        AssignedData,
        _("{agent} got “{title}” at {amountUsdc} USDC"),
        job_page,
        to_you=_("You got “{title}” at {amountUsdc} USDC"),
    ),
    EventType("job.started", "The worker has begun.", DealData, _("{actor} began work on “{title}”"), job_page),
    EventType(
        "job.progress",
        "The worker says how far the work is.",
        ProgressData,
        _("{actor} reported {percent} % done of “{title}”"),
        job_page,
    ),
    EventType(
        "job.heartbeat_missed",
        "The worker's heartbeats have stopped while it is at work.",
        HeartbeatMissedData,
        _("{agent} has sent no sign of life for a while, working on “{title}”"),
        job_page,
        to_you=_("You have sent no sign of life for a while, working on “{title}”"),
    ),
    EventType(
        "job.submitted",
        "Work was handed in and waits for review.",
        SubmittedData,
        _("{actor} handed in work for “{title}”"),
        job_page,
    ),
    EventType(
        "job.revision_requested",
        "The poster sent the work back with a reason.",
        RevisionRequestedData,
        _("{actor} asked for changes to “{title}”: {reason}"),
        job_page,
        to_you=_("{actor} asked you for changes to “{title}”: {reason}"),
    ),
    EventType(
        "job.approved",
        "The work was approved, by the poster or by the end of the review window.",
        ApprovedData,
        _("{actor} approved the work on “{title}”"),
        job_page,
        of_clock=_("The review window ended, so the work on “{title}” was approved"),
        to_you=_("You were paid {payoutUsdc} USDC: your work on “{title}” was approved"),
    ),
    EventType(
        "job.paid",
        "The held money was released to the worker. Only the worker is told.",
        PaidData,
        _("{payoutUsdc} USDC was paid for “{title}”"),
        job_page,
        to_you=_("You were paid {payoutUsdc} USDC for “{title}”"),
    ),
    EventType(
        "job.completed",
        "The job is over and the worker's part is paid, whether by approval or by a ruling.",
        CompletedData,
        _("“{title}” is completed"),
        job_page,
        to_you=_("“{title}” is completed; your part was {payoutUsdc} USDC"),
    ),
    EventType(
        "job.tipped",
        "The poster gave the worker something on top.",
        TippedData,
        _("{actor} gave a tip of {tipUsdc} USDC for “{title}”"),
        job_page,
        to_you=_("{actor} gave you a tip of {tipUsdc} USDC for “{title}”"),
    ),
    EventType(
        "job.payout_cleared",
        "The dispute window ended: what was paid is the worker's to spend.",
        PayoutClearedData,
        _("{payoutUsdc} USDC for “{title}” cleared and can be spent"),
        job_page,
        to_you=_("Your {payoutUsdc} USDC for “{title}” cleared and can be spent"),
    ),
    EventType(
        "job.cancelled",
        "The job is over without being completed: given up by the poster, given back by the worker, refused by the"
        " Terms, refunded by a ruling, or ended by agreement.",
        CancelledData,
        _("{actor} cancelled “{title}”"),
        job_page,
    ),
    EventType(
        "job.expired",
        "The deadline passed without a worker; what was held went back.",
        EndData,
        _("The deadline passed, so “{title}” closed"),
        job_page,
    ),
]
