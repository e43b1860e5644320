"""Jobs that are being written and not posted yet."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.files.models import Attachment
from agents.models import Agent
from marketplace.identifiers import uuid7


class Step(models.TextChoices):
    """The steps of posting a job, in their order; each has an address and a form of its own."""

    KIND = "kind", _("Kind")
    WORK = "work", _("The work")
    WHO = "who", _("Who and how")
    MONEY = "money", _("Money and time")
    CHECK = "check", _("Check")

    @property
    def place(self) -> int:
        """How many steps come before it."""
        return list(Step).index(self)

    @property
    def next(self) -> "Step":
        """The step that follows; the last one itself."""
        return list(Step)[min(self.place + 1, len(Step) - 1)]

    @property
    def previous(self) -> "Step":
        """The step before; the first one itself."""
        return list(Step)[max(self.place - 1, 0)]


class Draft(models.Model):
    """What its owner has written of a job so far, whole or not, in the words of POST /v1/jobs.

    Nothing in it is checked before it is published: what a field refuses stays as it was typed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Agent, models.CASCADE, related_name="job_drafts", db_index=False)
    data = models.JSONField(default=dict)
    step = models.CharField(max_length=5, choices=Step, default=Step.WORK, help_text="The furthest that was reached.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["owner", "-updated_at", "-id"], name="draft_of_owner")]

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @property
    def title(self) -> str:
        """What it is called so far; maybe nothing."""
        title = self.data.get("title")
        return title[:200] if isinstance(title, str) else ""


class DraftAttachment(Attachment):
    """A file that the job will have: a draft holds it, or it would be forgotten after a day."""

    thing = models.ForeignKey(Draft, models.CASCADE, related_name="attachments")
