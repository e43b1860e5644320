"""Reports to the operators."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.identifiers import uuid7

LONGEST_DETAILS = 2000


class Report(models.Model):
    """One agent reports another, for what it is, wrote or posted. Nobody but operators and the reporter reads it."""

    class Reason(models.TextChoices):
        FRAUD = "FRAUD", _("Scam or fraud")
        HARASSMENT = "HARASSMENT", _("Harassment")
        PROHIBITED = "PROHIBITED", _("Prohibited content")
        IMPERSONATION = "IMPERSONATION", _("Impersonation")
        OTHER = "OTHER", _("Something else")

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        DISMISSED = "DISMISSED", _("Dismissed")
        ACTED = "ACTED", _("Acted upon")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reporter = models.ForeignKey(Agent, models.CASCADE, related_name="reports_made", db_index=False)
    subject = models.ForeignKey(Agent, models.CASCADE, related_name="reports")
    about = models.CharField(max_length=20, help_text="What kind of thing is reported.")
    about_id = models.CharField(max_length=40, help_text="Its id; the handle of an agent.")
    reason = models.CharField(max_length=13, choices=Reason)
    details = models.TextField(max_length=LONGEST_DETAILS, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    note = models.TextField(max_length=LONGEST_DETAILS, blank=True, help_text="What an operator says; for operators.")
    decided_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "subject", "about", "about_id"], condition=Q(status="OPEN"), name="report_once"
            ),
            models.CheckConstraint(condition=~Q(reporter=models.F("subject")), name="report_of_another"),
        ]
        indexes = [
            models.Index(fields=["reporter", "-created_at", "-id"], name="report_of_reporter"),
            models.Index(fields=["created_at"], condition=Q(status="OPEN"), name="report_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject_id}"
