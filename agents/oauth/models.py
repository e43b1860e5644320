"""Programs that asked to act for a person, and those that may. Secrets are kept as SHA-256 alone."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import User
from marketplace.identifiers import uuid7
from marketplace.screening.texts import Texts


class Client(models.Model):
    """A program, under the name it gave itself. Anybody may register one: it proves nothing and opens nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    screened_texts = Texts(("name",))

    def __str__(self) -> str:
        return self.name


class DeviceRequest(models.Model):
    """A program waits for a person to confirm its code (RFC 8628)."""

    class Answer(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        ALLOWED = "ALLOWED", _("Allowed")
        DENIED = "DENIED", _("Denied")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(Client, models.CASCADE, related_name="device_requests")
    user_code = models.CharField(max_length=9, unique=True)
    device_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scope = models.CharField(max_length=500, blank=True)
    answer = models.CharField(max_length=7, choices=Answer, default=Answer.PENDING)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", help_text="Who answered.")
    seconds_between_polls = models.PositiveSmallIntegerField()
    polled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.client} ({self.user_code})"


class Login(models.Model):
    """A program acts for a person, until either of them or an operator ends it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(Client, models.PROTECT, related_name="logins")
    user = models.ForeignKey(User, models.CASCADE, related_name="program_logins")
    scope = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.client} for {self.user}"

    @property
    def only_reads(self) -> bool:
        """Whether the program asked for nothing but to read: it named scopes, and none of them to write."""
        return only_reads(self.scope)


class RefreshToken(models.Model):
    """Fetches the next access token, once. One that comes a second time was stolen, or its successor was."""

    id = models.BigAutoField(primary_key=True)
    login = models.ForeignKey(Login, models.CASCADE, related_name="refresh_tokens")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"refresh token {self.pk}"


def digest_of(secret: str) -> bytes:
    """What is stored of a secret, and looked up by: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def only_reads(scope: str) -> bool:
    """Whether these scopes let nothing be changed. Without any, a program may do what its person may."""
    return bool(scope) and not any(word.endswith(":write") for word in scope.split())
