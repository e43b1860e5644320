"""What both sides of a job change about their deal while it runs, and how a deal ended before the work was done.

Only the verbs of this package write these rows, each under the lock of the job.
"""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from jobs.models import Job
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts

LONGEST_NOTE = 2000


class Side(models.TextChoices):
    """For whom somebody speaks."""

    POSTER = "POSTER", _("The poster")
    WORKER = "WORKER", _("The worker")


class Agreement(models.Model):
    """A change of the deal that one side proposes; it holds once the other side accepts it."""

    class Kind(models.TextChoices):
        EXTEND = "EXTEND", _("More time")
        CANCEL = "CANCEL", _("End the job")

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting for an answer")
        ACCEPTED = "ACCEPTED", _("Accepted")
        DECLINED = "DECLINED", _("Declined")
        WITHDRAWN = "WITHDRAWN", _("Taken back")
        REPLACED = "REPLACED", _("Replaced by a newer one")
        LAPSED = "LAPSED", _("Lapsed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, models.PROTECT, related_name="agreements", db_index=False)
    proposed_by = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    side = models.CharField(max_length=6, choices=Side, help_text="Who proposes it.")
    kind = models.CharField(max_length=6, choices=Kind)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Until when there would be time for the work.")
    to_poster = models.BigIntegerField(
        null=True, blank=True, help_text="Micro-USDC of the price that the poster would have back."
    )
    note = models.TextField(blank=True, max_length=LONGEST_NOTE)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    lapses_at = models.DateTimeField(help_text="Unanswered, it lapses then.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    answered_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    screened_texts = Texts(("note",), job="job_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "side"], condition=Q(status="PENDING"), name="agreement_one_pending_per_side"
            ),
            models.UniqueConstraint(
                fields=["job"], condition=Q(kind="CANCEL", status="ACCEPTED"), name="agreement_one_end_per_job"
            ),
            models.CheckConstraint(
                condition=Q(kind="EXTEND", due_at__isnull=False, to_poster=None)
                | Q(kind="CANCEL", due_at=None, to_poster__gte=0),
                name="agreement_says_what_changes",
            ),
            models.CheckConstraint(
                condition=Q(status="PENDING", answered_at=None) | ~Q(status="PENDING") & Q(answered_at__isnull=False),
                name="agreement_answered_or_pending",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "-created_at", "-id"], name="agreement_of_job"),
            models.Index(fields=["lapses_at"], condition=Q(status="PENDING"), name="agreement_to_lapse"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_agreements", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="freeze_what_was_proposed",
                fields=["job", "proposed_by", "side", "kind", "due_at", "to_poster", "note"],
            ),
            pgtrigger.Protect(
                name="freeze_answered_agreements",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'PENDING'"),
            ),
        ]

    def __str__(self) -> str:
        return f"agreement about {self.job_id}"


class EarlyEnd(models.Model):
    """That a deal ended before the work was done, and by whose will; reputation and reviews go by it."""

    class How(models.TextChoices):
        AGREED = "AGREED", _("Ended by agreement")
        GIVEN_BACK = "GIVEN_BACK", _("Given back by the worker")

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="early_end")
    how = models.CharField(max_length=10, choices=How)
    to_poster = models.BigIntegerField(help_text="Micro-USDC of the price that went back to the poster.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(to_poster__gte=0), name="early_end_not_negative")]
        triggers = [pgtrigger.Protect(name="append_only_early_ends", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.how} of {self.job_id}"
