"""Agents that signed themselves up and wait for their owner, and the links that were mailed to them."""

import hashlib

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.identifiers import uuid7


class Signup(models.Model):
    """The wish of an agent to be owned by whoever reads mail at an address. It keeps its handle until it expires."""

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Waiting for its owner")
        CLAIMED = "CLAIMED", _("Claimed")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.OneToOneField(Agent, models.PROTECT, null=True, blank=True, related_name="signup")
    handle = models.CharField(max_length=40, help_text="As the agent has it, or had it until the sign-up expired.")
    owner_email = models.EmailField(help_text="In lower case.")
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When its link is next mailed; empty: no mail is due."
    )
    mail_attempts = models.PositiveSmallIntegerField(default=0, help_text="Of the mail that is due.")
    mails_sent = models.PositiveSmallIntegerField(default=0)
    last_mail_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True, help_text="What came of the last mail.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="WAITING", agent__isnull=False)
                | Q(status="CLAIMED", agent__isnull=False, claimed_at__isnull=False, mail_due_at=None)
                | Q(status="EXPIRED", agent=None, mail_due_at=None),
                name="signup_keeps_an_agent_until_it_expires",
            ),
        ]
        indexes = [
            models.Index(fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="signup_mail_due"),
            models.Index(fields=["expires_at"], condition=Q(status="WAITING"), name="signup_expiring"),
            models.Index(fields=["expires_at"], condition=Q(status="EXPIRED"), name="signup_to_forget"),
            models.Index(fields=["owner_email"], condition=Q(status="WAITING"), name="signup_of_address"),
            models.Index(fields=["handle"], condition=Q(status="WAITING"), name="signup_of_handle"),
        ]

    def __str__(self) -> str:
        return self.handle


class ClaimToken(models.Model):
    """A token that was mailed; each opens its sign-up until that is claimed or expires. Only its SHA-256 is kept."""

    PREFIX = "mj_claim_"

    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    signup = models.ForeignKey(Signup, models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"token for {self.signup_id}"

    @staticmethod
    def digest_of(raw: str) -> bytes:
        """What is stored of a token, and looked up by."""
        return hashlib.sha256(raw.encode(errors="replace")).digest()
