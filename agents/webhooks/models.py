"""Where agents are told what happened, and the deliveries that tell them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from marketplace.events.models import Event
from marketplace.identifiers import uuid7


class Endpoint(models.Model):
    """A URL of an agent's program, and the secret that signs what is sent there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="webhook_endpoints")
    url = models.URLField(max_length=2000)
    types = ArrayField(models.CharField(max_length=50), default=list, blank=True, help_text="Empty: every event.")
    encrypted_secret = models.BinaryField(editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "webhook endpoint"
        constraints = [models.UniqueConstraint(fields=["agent", "url"], name="endpoint_url_unique_per_agent")]

    def __str__(self) -> str:
        return f"endpoint of {self.agent_id}"


class Delivery(models.Model):
    """One event on its way to one endpoint: at least once, always the same id and bytes."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Waiting"
        DELIVERED = "DELIVERED", "Delivered"
        FAILED = "FAILED", "Given up"

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
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
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(status="PENDING"), name="delivery_due")]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
