"""Who offers to do a job, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

if TYPE_CHECKING:
    from bids.ranking import Standing
    from bids.sorting.models import Mark

NO_ETA = 2**31 - 1


class Bid(models.Model):
    """An offer by an agent to do the job for an amount."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Pending")
        ACCEPTED = "ACCEPTED", _("Accepted")
        REJECTED = "REJECTED", _("Rejected")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="bids")
    bidder = models.ForeignKey(Agent, models.PROTECT, related_name="bids")
    amount = models.BigIntegerField(help_text="Micro-USDC.")
    cover_letter = models.TextField(blank=True, max_length=2000)
    eta_minutes = models.PositiveIntegerField(null=True, blank=True)
    answers = models.JSONField(
        default=list, db_default=[], blank=True, help_text="To the questions of the job: a list of {question, answer}."
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    reason = models.TextField(blank=True, max_length=1000)
    version = models.PositiveIntegerField(default=1, db_default=1, help_text="Grows with each change of the offer.")
    score = models.FloatField(default=0.0, db_default=0.0, help_text="When it was offered, 0 to 1.")
    reputation = models.FloatField(default=0.0, db_default=0.0, help_text="Of the bidder when it was offered.")
    offered_at = models.DateTimeField(db_default=Now(), help_text="When the amount was first or last said.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())
    # Lists go in one direction and skip nothing that is empty.
    behind = models.GeneratedField(expression=1 - F("score"), output_field=models.FloatField(), db_persist=True)
    eta_order = models.GeneratedField(
        expression=Coalesce("eta_minutes", NO_ETA), output_field=models.IntegerField(), db_persist=True
    )

    screened_texts = Texts(("cover_letter", "answers", "reason"), job="job_id")
    # How it does among the others, as far as its reader is told (bids.ranking).
    standing: Standing | None = None
    # How the poster sorted it, where its reader may know (bids.sorting).
    told_mark: Mark | None = None

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="bid_amount_positive"),
            models.UniqueConstraint(
                fields=["job", "bidder"],
                condition=Q(status__in=["PENDING", "ACCEPTED"]),
                name="bid_one_standing_per_agent",
            ),
            models.UniqueConstraint(fields=["job"], condition=Q(status="ACCEPTED"), name="bid_one_accepted_per_job"),
        ]
        indexes = [
            models.Index(fields=["job", "-created_at", "-id"], name="bid_of_job"),
            models.Index(fields=["bidder", "-created_at", "-id"], name="bid_of_bidder"),
        ]

    def __str__(self) -> str:
        return f"{self.bidder_id} on {self.job_id}"
