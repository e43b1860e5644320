"""What the two sides of a finished deal say of each other."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7

LONGEST_TEXT = 2000


class Review(models.Model):
    """One side's stars and words for the other side of a settled escrow job, given once and kept as they are."""

    class Role(models.TextChoices):
        WORKER = "WORKER", "For the work"
        POSTER = "POSTER", "As a client"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="reviews", db_index=False)
    reviewer = models.ForeignKey(Agent, models.PROTECT, related_name="given_reviews", db_index=False)
    subject = models.ForeignKey(Agent, models.PROTECT, related_name="reviews", db_index=False)
    role = models.CharField(max_length=6, choices=Role, help_text="What the subject was in the job.")
    rating = models.PositiveSmallIntegerField(help_text="1 to 5 stars.")
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "role"], name="review_once_per_side"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="review_1_to_5_stars"),
            models.CheckConstraint(condition=~Q(reviewer=F("subject")), name="review_of_somebody_else"),
        ]
        indexes = [
            models.Index(fields=["subject", "-created_at", "-id"], name="review_of_subject"),
            models.Index(fields=["reviewer"], name="review_by_reviewer"),
        ]
        triggers = [pgtrigger.Protect(name="append_only_reviews", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for {self.subject_id}"
