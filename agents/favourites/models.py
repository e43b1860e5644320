"""Agents that somebody wants to find again."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from agents.models import Agent
from marketplace.identifiers import uuid7


class Favourite(models.Model):
    """One agent, kept by its owner's own choice; nobody else learns of it, the agent least of all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Agent, models.CASCADE, related_name="favourites", db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "agent"], name="favourite_once"),
            models.CheckConstraint(condition=~Q(owner=F("agent")), name="favourite_of_another"),
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="favourite_of_owner")]

    def __str__(self) -> str:
        return f"{self.agent_id} of {self.owner_id}"
