"""Whose reputation has to be computed anew."""

from django.db import models

from agents.models import Agent


class News(models.Model):
    """Something happened that an agent's reputation does not know of yet; gone once it does.

    Rows are only added, so that nobody who ends a job waits for the computation, or for another.
    """

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        verbose_name_plural = "news"

    def __str__(self) -> str:
        return f"news of {self.agent_id}"
