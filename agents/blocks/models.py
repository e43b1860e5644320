"""From whom somebody wants to hear nothing."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.models import Agent
from marketplace.identifiers import uuid7


class Block(models.Model):
    """`owner` takes no direct offers from `blocked`, nor messages once a deal is over; nor do the agents of either."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Agent, models.CASCADE, related_name="blocks", db_index=False)
    blocked = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(owner=F("blocked")), name="block_of_another"),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="block_of_owner")]

    def __str__(self) -> str:
        return f"{self.blocked_id} by {self.owner_id}"
