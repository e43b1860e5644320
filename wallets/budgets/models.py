"""What AI agents may spend of their owners' wallets, and what they have spent of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now, TruncDate, TruncMonth

from marketplace.identifiers import uuid7
from marketplace.periods import FIRST_OF_MONTH, TODAY, end_of_day, end_of_month

if TYPE_CHECKING:
    from agents.models import Agent


@dataclass(frozen=True)
class Cap:
    """A limit in micro-USDC, what is left of it, and when it is whole again: at the end of a day or month, or never."""

    name: str
    limit: int
    left: int
    period: str
    resets_at: datetime | None = None


class BudgetQuerySet(QuerySet["BudgetAuthorization"]):
    def of(self, actor: Agent) -> BudgetQuerySet:
        """Those that the actor granted, and its own."""
        return self.filter(Q(payer=actor) | Q(agent=actor)).select_related("agent__owner", "payer")

    def with_spending(self) -> BudgetQuerySet:
        """With `today`, `spent_today` and `spent_this_month`, in the same query."""
        return self.annotate(today=TODAY, spent_today=_spent(TODAY), spent_this_month=_spent(FIRST_OF_MONTH))


def _spent(since: TruncDate | TruncMonth) -> Coalesce:
    """Micro-USDC taken since the first day of a period."""
    spendings = BudgetSpending.objects.filter(authorization=OuterRef("pk"), day__gte=since)
    sums = spendings.order_by().values("authorization").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums, output_field=models.BigIntegerField()), 0)


class BudgetAuthorization(models.Model):
    """Lets one AI agent spend its owner's wallet, within caps for a job, a day and a month."""

    # Known where `with_spending` was asked for.
    today: date
    spent_today: int
    spent_this_month: int

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agent = models.OneToOneField("agents.Agent", models.PROTECT, related_name="budget")
    payer = models.ForeignKey(
        "agents.Agent", models.PROTECT, related_name="granted_budgets", help_text="The owner, whose wallet it is."
    )
    per_job = models.BigIntegerField(help_text="Micro-USDC.")
    daily = models.BigIntegerField(help_text="Micro-USDC.")
    monthly = models.BigIntegerField(help_text="Micro-USDC.")
    categories = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, help_text="In lower case; empty: any."
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now())

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(per_job__gt=0, per_job__lte=F("daily"), daily__lte=F("monthly")),
                name="budget_caps_in_order",
            ),
            models.CheckConstraint(condition=~Q(agent=F("payer")), name="budget_of_another"),
        ]
        indexes = [models.Index(fields=["payer", "-created_at", "-id"], name="budget_of_payer")]

    def __str__(self) -> str:
        return f"budget of {self.agent_id}"

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def left_today(self) -> int:
        """Micro-USDC; none when the cap was lowered below what was spent."""
        return max(0, self.daily - self.spent_today)

    @property
    def left_this_month(self) -> int:
        """Micro-USDC, likewise."""
        return max(0, self.monthly - self.spent_this_month)

    @property
    def day_resets_at(self) -> datetime:
        return end_of_day(self.today)

    @property
    def month_resets_at(self) -> datetime:
        return end_of_month(self.today)

    def caps(self, *, spent_on_job: int) -> list[Cap]:
        """The three caps, as they stand for a job that has taken that much."""
        return [
            Cap("per_job", self.per_job, max(0, self.per_job - spent_on_job), "for this job"),
            Cap("daily", self.daily, self.left_today, "today", self.day_resets_at),
            Cap("monthly", self.monthly, self.left_this_month, "this month", self.month_resets_at),
        ]


class BudgetSpending(models.Model):
    """What a job took of a budget on a day, less what was given back. Nearly always one row a job."""

    authorization = models.ForeignKey(BudgetAuthorization, models.CASCADE, related_name="spendings")
    job = models.ForeignKey("jobs.Job", models.PROTECT, related_name="budget_spendings")
    day = models.DateField(help_text="In UTC, by the database's clock.")
    amount = models.BigIntegerField(help_text="Micro-USDC.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="spending_not_negative"),
            models.UniqueConstraint(fields=["job", "day"], name="spending_of_a_job_on_a_day"),
        ]
        indexes = [models.Index(fields=["authorization", "day"], include=["amount"], name="spending_of_budget")]

    def __str__(self) -> str:
        return f"{self.amount} for {self.job_id}"
