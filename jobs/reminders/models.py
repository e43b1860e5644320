"""Who was reminded of what, so that nobody is twice."""

from django.db import models
from django.db.models.functions import Now

from jobs.models import Job


class Reminder(models.Model):
    """Somebody was told how much of their time is over. Of another time they are told anew."""

    class About(models.TextChoices):
        REVIEW = "REVIEW", "The poster has to review the work"
        WORK = "WORK", "The worker has promised the work"

    job = models.ForeignKey(Job, models.PROTECT, related_name="reminders", db_index=False)
    about = models.CharField(max_length=6, choices=About)
    known_by = models.DateTimeField(
        help_text="Which time: the one that began then (a review), or that ends then (promised work)."
    )
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "about", "known_by", "percent"], name="reminder_once"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.about} of {self.job_id}"
