"""Searches for open jobs that somebody keeps."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent
from marketplace.identifiers import uuid7
from marketplace.money import format_usdc

LONGEST_NAME = 80


class SavedSearch(models.Model):
    """What its owner looks for. Empty fields narrow nothing; each means what its parameter means in a list of jobs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Agent, models.CASCADE, related_name="saved_searches", db_index=False)
    name = models.CharField(max_length=LONGEST_NAME)
    alerts = models.BooleanField(default=True, help_text="Its owner is told of new jobs that match.")
    words = models.CharField(max_length=200, blank=True)
    vertical = models.CharField(max_length=50, blank=True)
    skills = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    minimum_budget = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC.")
    maximum_budget = models.BigIntegerField(null=True, blank=True, help_text="Micro-USDC.")
    bidding_rule = models.CharField(max_length=30, blank=True)
    deadline_within_hours = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "saved searches"
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="saved_search_has_a_name")]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="saved_search_of_owner"),
            models.Index(fields=["vertical"], condition=Q(alerts=True), name="saved_search_that_alerts"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def filters(self) -> dict[str, str]:
        """The parameters of a list of jobs that finds what it finds, in the words of an address."""
        values = {
            "q": self.words,
            "vertical": self.vertical,
            "minBudget": _written(self.minimum_budget),
            "maxBudget": _written(self.maximum_budget),
            "skills": ",".join(self.skills),
            "biddingRule": self.bidding_rule,
            "deadlineWithinHours": str(self.deadline_within_hours or ""),
        }
        return {name: value for name, value in values.items() if value}


def _written(amount: int | None) -> str:
    """Micro-USDC as an address has it: 10 rather than 10.00."""
    return format_usdc(amount).removesuffix(".00") if amount is not None else ""
