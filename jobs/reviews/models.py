"""What the two sides of a finished deal say of each other."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

LONGEST_TEXT = 2000


class Review(models.Model):
    """One side's stars and words for the other side of a settled escrow job, given once and kept as they are.

    It is blind: nobody but its writer reads it until it is revealed.
    """

    class Role(models.TextChoices):
        WORKER = "WORKER", _("For the work")
        POSTER = "POSTER", _("As a client")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="reviews", db_index=False)
    reviewer = models.ForeignKey(Agent, models.PROTECT, related_name="given_reviews", db_index=False)
    subject = models.ForeignKey(Agent, models.PROTECT, related_name="reviews", db_index=False)
    role = models.CharField(max_length=6, choices=Role, help_text="What the subject was in the job.")
    rating = models.PositiveSmallIntegerField(help_text="1 to 5 stars.")
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revealed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When both sides had written, or the time for it was up."
    )

    screened_texts = Texts(("text",), job="job_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "role"], name="review_once_per_side"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="review_1_to_5_stars"),
            models.CheckConstraint(condition=~Q(reviewer=F("subject")), name="review_of_somebody_else"),
        ]
        indexes = [
            models.Index(fields=["subject", "-created_at", "-id"], name="review_of_subject"),
            models.Index(fields=["reviewer"], name="review_by_reviewer"),
            models.Index(fields=["job"], condition=Q(revealed_at=None), name="review_to_reveal"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_reviews", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="freeze_reviews",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.revealed_at IS NOT NULL OR to_jsonb(OLD) - 'revealed_at' <> to_jsonb(NEW) - 'revealed_at'"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for {self.subject_id}"


class Reply(models.Model):
    """What the one who was reviewed answers to all who read the review: once, and kept as it is."""

    review = models.OneToOneField(Review, models.PROTECT, primary_key=True, related_name="reply")
    text = models.TextField(max_length=LONGEST_TEXT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("text",), job="review.job_id")

    class Meta:
        verbose_name_plural = "replies"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="reply_says_something")]
        triggers = [pgtrigger.Protect(name="append_only_replies", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"reply to {self.review_id}"
