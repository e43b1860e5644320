"""Letters to people, what each tells, and how often people want them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.mail.kinds import Rhythm
from agents.models import User
from marketplace.events.models import Event


class Preference(models.Model):
    """How often a person wants mail of one kind; without a row, as `kinds.KINDS` says.

    Or mail of one type of event, which is told otherwise than the rest of its kind.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="mail_preferences")
    kind = models.CharField(max_length=50, help_text="Of mail, or a type of event that is told otherwise.")
    rhythm = models.CharField(max_length=5, choices=Rhythm)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_rhythm_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.rhythm}"


class Letter(models.Model):
    """One mail to one person: about one event, or about a day's.

    Its id is made from the person and the event or day, so that nothing makes it twice, and is its Message-ID.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        SENT = "SENT", _("Sent")
        REFUSED = "REFUSED", _("Refused for good")
        FAILED = "FAILED", _("Given up")
        DROPPED = "DROPPED", _("Not wanted any more")

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="letters")
    rhythm = models.CharField(max_length=5, choices=Rhythm)
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text="When the next attempt is made.")
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker is at it until then.")
    address = models.EmailField(max_length=320, blank=True, help_text="Where it was last sent to.")
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="WAITING"), name="letter_due"),
            models.Index(fields=["created_at"], condition=~Q(status="WAITING"), name="letter_to_forget"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class Item(models.Model):
    """An event that a letter tells; a person is told of an event once. Events are never deleted: no foreign key."""

    id = models.BigAutoField(primary_key=True)
    letter = models.ForeignKey(Letter, models.CASCADE, related_name="items")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=20)

    class Meta:
        ordering: ClassVar[list[str]] = ["event_id"]
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="mailed_once_per_event")]

    def __str__(self) -> str:
        return f"item {self.pk}"


class RefusedAddress(models.Model):
    """An address whose server says that it is nobody's: no mail goes there until its owner asks for another try."""

    email = models.EmailField(max_length=320, unique=True, help_text="In lower case.")
    reason = models.CharField(max_length=500)
    refused_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "refused addresses"

    def __str__(self) -> str:
        return self.email
