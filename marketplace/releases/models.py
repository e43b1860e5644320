"""What client programs ask when they start: is there a newer version, and is there anything to know."""

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.identifiers import uuid7

VERSION = RegexValidator(r"^\d{1,6}(\.\d{1,6}){0,3}\Z", "Use numbers between dots, such as 1.4.0.")


class Channel(models.TextChoices):
    CLI = "cli", _("Command line")
    MCP = "mcp", _("MCP server")
    SDK_TS = "sdk-ts", _("SDK for TypeScript")
    SDK_PYTHON = "sdk-python", _("SDK for Python")


class Release(models.Model):
    """A version of a client program. The latest of a channel is the one published last."""

    channel = models.CharField(max_length=10, choices=Channel)
    version = models.CharField(max_length=30, validators=[VERSION])
    install = models.CharField(max_length=500, blank=True, help_text="The command that installs it.")
    notes_url = models.CharField(max_length=200, validators=[URLValidator(["https", "http"])], blank=True)
    summary = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["channel", "-published_at"]
        constraints = [models.UniqueConstraint(fields=["channel", "version"], name="release_once")]

    def __str__(self) -> str:
        return f"{self.channel} {self.version}"


class Announcement(models.Model):
    """Something that people should know, shown by their programs until it expires."""

    class Level(models.TextChoices):
        INFO = "info", _("Information")
        WARN = "warn", _("Warning")
        CRITICAL = "critical", _("Critical")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    level = models.CharField(max_length=8, choices=Level, default=Level.INFO)
    title = models.CharField(max_length=200)
    body = models.TextField(max_length=5000)
    url = models.CharField(max_length=200, validators=[URLValidator(["https", "http"])], blank=True)
    channel = models.CharField(max_length=10, choices=Channel, blank=True, help_text="Empty: for all.")
    before_version = models.CharField(
        max_length=30,
        validators=[VERSION],
        blank=True,
        help_text="Only for programs that say they are older than this; empty: for all.",
    )
    starts_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["-starts_at", "-id"], name="announcement_newest")]

    def __str__(self) -> str:
        return self.title
