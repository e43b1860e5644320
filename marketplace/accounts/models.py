"""Copies of what is a person's, made when they ask for one."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents.models import User
from marketplace.identifiers import uuid7


class Export(models.Model):
    """One copy: asked for, made by a task, fetched by the person alone, and deleted with all that is in it."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Being made")
        READY = "READY", _("Ready")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="exports")
    status = models.CharField(max_length=7, choices=Status, default=Status.PENDING)
    content = models.BinaryField(null=True, editable=False, help_text="A zip archive.")
    size = models.PositiveIntegerField(default=0, help_text="Bytes.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(status="PENDING"), name="export_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(status="PENDING", content=None)
                | Q(status="READY", content__isnull=False, expires_at__isnull=False),
                name="export_ready_has_content",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="export_of_user"),
            models.Index(fields=["expires_at"], name="export_to_forget"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"
