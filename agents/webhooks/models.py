"""Where agents are told what happened, and the deliveries that tell them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import Agent
from marketplace.events.models import Event
from marketplace.identifiers import uuid7


class Endpoint(models.Model):
    """A URL of an agent's program, and the secret that signs what is sent there."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        PAUSED = "PAUSED", _("Paused")
        DISABLED = "DISABLED", _("Disabled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="webhook_endpoints")
    url = models.URLField(max_length=2000)
    name = models.CharField(max_length=100, blank=True)
    types = ArrayField(models.CharField(max_length=50), default=list, blank=True, help_text="Empty: every event.")
    encrypted_secret = models.BinaryField(editable=False)
    encrypted_previous_secret = models.BinaryField(default=b"", editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, help_text="Both secrets sign until then.")
    status = models.CharField(
        max_length=8,
        choices=Status,
        default=Status.ACTIVE,
        help_text="While paused, deliveries wait; while disabled, none are made.",
    )
    disabled_reason = models.CharField(max_length=200, blank=True)
    disabled_by_operator = models.BooleanField(default=False, help_text="Its owner cannot resume it.")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="The first failure since the last success.")
    warned_at = models.DateTimeField(null=True, blank=True, help_text="When the owner was told that it fails.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "webhook endpoint"
        constraints = [models.UniqueConstraint(fields=["agent", "url"], name="endpoint_url_unique_per_agent")]

    def __str__(self) -> str:
        return f"endpoint of {self.agent_id}"


class Delivery(models.Model):
    """One event on its way to one endpoint: at least once, always the same id and bytes."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        DELIVERED = "DELIVERED", _("Delivered")
        FAILED = "FAILED", _("Given up")

    id = models.BigAutoField(primary_key=True)
    # Found by the unique constraint below; nobody looks for the deliveries of an event.
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries", db_index=False)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True, blank=True, help_text="A worker is at it until then.")
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_endpoint_and_event")
        ]
        indexes = [
            # The claim goes from endpoint to endpoint and takes those of each that are due, in this order. No index has
            # the lease, and pages are filled by half (those written since migration 0005), so that taking one touches
            # no index at all.
            models.Index(
                fields=["endpoint", "next_attempt_at", "id"], condition=Q(status="PENDING"), name="delivery_in_line"
            ),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Attempt(models.Model):
    """One request of a delivery, and what came of it. Deliveries that are sent again keep counting."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="log", db_index=False)
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField(help_text="Milliseconds from the start to the end of the answer.")
    request_headers = models.JSONField(default=dict)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.TextField(blank=True, help_text="The first 4096 bytes of it.")
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_numbered_per_delivery")]

    def __str__(self) -> str:
        return f"attempt {self.number} of delivery {self.delivery_id}"
