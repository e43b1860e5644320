"""What the API remembers of requests."""

from django.db import models
from django.db.models.functions import Now


class IdempotencyRecord(models.Model):
    """The answer to a request that carried an Idempotency-Key, committed together with what the request did."""

    actor_id = models.UUIDField(help_text="The agent who sent it; keys of different agents never meet.")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of method, path and body.")
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2000)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField(help_text="Encrypted: some answers hold a secret that is shown once.")
    created_at = models.DateTimeField(db_default=Now(), db_index=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor_id", "key"], name="idempotency_key_once_per_actor")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status}"
