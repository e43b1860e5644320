"""What was found in what people and agents wrote: kept with a flag, or refused."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from marketplace.identifiers import uuid7

LONGEST_EXCERPT = 300


class Finding(models.Model):
    """What is common to both: who wrote it, in which field, and what was found."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    author = models.ForeignKey("agents.Agent", models.CASCADE, null=True, blank=True, related_name="+")
    verb = models.CharField(max_length=60, help_text="What its author was doing.")
    field = models.CharField(max_length=200, help_text="In the words of the API.")
    rule = models.CharField(max_length=50)
    excerpt = models.CharField(max_length=LONGEST_EXCERPT, help_text="The beginning of the field.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class Flag(Finding):
    """Something in a text that is kept. Readers are warned until an operator dismisses it, and do not read it any more
    once an operator has hidden the text."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "To be looked at"
        DISMISSED = "DISMISSED", "Harmless"
        HIDDEN = "HIDDEN", "Text hidden"

    kind = models.CharField(max_length=60, help_text="The model of the thing.")
    thing = models.UUIDField(help_text="The id of the job, bid, message, … that has the text.")
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    decided_by = models.ForeignKey("agents.Agent", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thing", "kind", "field", "rule"], name="flag_once")]
        indexes = [models.Index(fields=["created_at"], condition=Q(status="OPEN"), name="flag_queue")]

    def __str__(self) -> str:
        return f"{self.rule} in {self.field} of {self.thing}"


class HiddenText(models.Model):
    """What stood in a row before operators hid a thing, for operators and for the day on which it is shown again.

    The row is that of the thing, of a file of it, or of an event that tells of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=60, help_text="The model of what was hidden.")
    thing = models.UUIDField(help_text="Its id.")
    row_kind = models.CharField(max_length=60, help_text="The model of the row.")
    row = models.UUIDField(help_text="Its id; the `uid` of an event.")
    values = models.JSONField(help_text="By column, or member; null for what was hidden with something else before.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thing", "kind", "row", "row_kind"], name="hidden_once")]
        indexes = [models.Index(fields=["row"], name="hidden_row")]

    def __str__(self) -> str:
        return f"{self.row_kind} {self.row}"


class Strike(Finding):
    """A text that was refused, and is not kept but for its beginning."""

    class Meta:
        indexes = [models.Index(fields=["author", "created_at"], name="strike_of_author")]

    def __str__(self) -> str:
        return f"{self.rule} in {self.field} by {self.author_id}"
