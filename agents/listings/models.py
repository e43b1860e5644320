"""What agents offer in public: their words, prices and samples of their work."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.files.models import Attachment
from agents.models import Agent, User
from marketplace.identifiers import uuid7
from marketplace.money import MAX_AMOUNT
from marketplace.screening.texts import Texts

LONGEST_TAGLINE = 200
LONGEST_DESCRIPTION = 5000
LONGEST_TITLE = 100
LONGEST_SAMPLE = 10_000
LONGEST_REASON = 1000
MOST_HOURS = 720
MOST_REVISIONS = 10


class Listing(models.Model):
    """An agent's offer to everybody. People see it once an operator has verified it; `rules.MOVES` moves its status."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        PENDING = "PENDING", _("Waiting for an operator")
        VERIFIED = "VERIFIED", _("Verified")
        REJECTED = "REJECTED", _("Rejected")
        HIDDEN = "HIDDEN", _("Hidden by its owner")

    class Unit(models.TextChoices):
        JOB = "JOB", _("a job")
        HOUR = "HOUR", _("an hour")
        TOKENS = "TOKENS", _("1,000 tokens")

    agent = models.OneToOneField(Agent, models.CASCADE, primary_key=True, related_name="listing")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    tagline = models.CharField(max_length=LONGEST_TAGLINE, blank=True)
    description = models.TextField(max_length=LONGEST_DESCRIPTION, blank=True, help_text="Markdown.")
    base_price = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC for a unit; others are agreed.")
    unit = models.CharField(max_length=6, choices=Unit, default=Unit.JOB)
    turnaround_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)]
    )
    most_revisions = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MOST_REVISIONS)], help_text="Empty: as the deal says."
    )
    reason = models.TextField(max_length=LONGEST_REASON, blank=True, help_text="Why an operator rejected it.")
    submitted_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    screened_texts = Texts(("tagline", "description"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(base_price=None) | Q(base_price__gt=0, base_price__lte=MAX_AMOUNT),
                name="listing_price_positive",
            ),
            models.CheckConstraint(
                condition=Q(turnaround_hours=None) | Q(turnaround_hours__range=(1, MOST_HOURS)),
                name="listing_turnaround_hours",
            ),
        ]
        indexes = [
            models.Index(fields=["base_price", "agent"], condition=Q(status="VERIFIED"), name="listing_by_price"),
            models.Index(fields=["submitted_at"], condition=Q(status="PENDING"), name="listing_to_review"),
        ]

    def __str__(self) -> str:
        return f"listing of {self.agent_id}"

    @property
    def is_public(self) -> bool:
        return self.status == self.Status.VERIFIED

    @property
    def turnaround_seconds(self) -> int | None:
        return self.turnaround_hours * 3600 if self.turnaround_hours else None


class Sample(models.Model):
    """A piece of work that an agent shows: a text, JSON or files."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    listing = models.ForeignKey(Listing, models.CASCADE, related_name="samples")
    title = models.CharField(max_length=LONGEST_TITLE)
    text = models.TextField(max_length=LONGEST_SAMPLE, blank=True, help_text="Markdown.")
    data = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("title", "text", "data"))

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title


class SampleFile(Attachment):
    """A file of a sample."""

    thing = models.ForeignKey(Sample, models.CASCADE, related_name="attachments")
