"""The front page of the desk: how much waits in each queue, what the books say, and how the market does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin import site
from django.db import connection
from django.db.models import Count, Min, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.halts.queries import over_the_site
from agents.listings.models import Listing
from agents.webhooks.models import Endpoint
from disputes.appeals.queries import overturned
from disputes.appeals.queries import waiting as appeals_waiting
from disputes.models import Category, Dispute
from disputes.phases import Phase
from disputes.queries import overdue
from jobs.models import Submission
from marketplace.desk.cases import held_by_nobody
from marketplace.desk.models import Adjustment
from marketplace.pages.templatetags.market import amount
from marketplace.statistics.models import Day
from wallets.audit.queries import Position, position
from wallets.queries import stuck_withdrawals

MOST_COUNTED = 1000
CHART_DAYS = 30
MEASURED_DAYS = 90
ESCROW_AT = """
    SELECT (SELECT seal.balances->>'ESCROW' FROM audit_seal AS seal
            WHERE seal.horizon <= moment.moment ORDER BY seal.horizon DESC LIMIT 1)
    FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS moment (moment, number) ORDER BY moment.number
"""


@dataclass(frozen=True)
class Queue:
    """Something that waits for operators: which rows, since when, the list in the admin that shows them, and how long
    one may wait."""

    name: Any
    model: str
    waiting: Callable[[], QuerySet[Any]]
    address: str = ""
    since: str = "created_at"
    urgent: bool = False
    within: timedelta = timedelta(days=3)


@dataclass(frozen=True)
class Tile:
    """How many wait, at most MOST_COUNTED, since when the oldest does, and whether that is too long."""

    name: Any
    count: int
    oldest: datetime | None
    address: str
    urgent: bool
    is_late: bool

    @property
    def shown(self) -> str:
        return f"{MOST_COUNTED:,}+" if self.count >= MOST_COUNTED else str(self.count)


def _open(phase: Phase) -> Callable[[], QuerySet[Any]]:
    return lambda: Dispute.objects.filter(status=Dispute.Status.OPEN, phase=phase)


def _waiting(model: str, **which: Any) -> Callable[[], QuerySet[Any]]:
    return lambda: apps.get_model(model)._default_manager.filter(**which)


QUEUES = [
    Queue(_("Stopped on the whole site"), "halts.halt", over_the_site, "holds=site", urgent=True),
    Queue(_("Disputes past their deadline"), "disputes.dispute", overdue, "due=over", "phase_ends_at", urgent=True),
    Queue(_("Disputes in arbitration"), "disputes.dispute", _open(Phase.ARBITRATION), "phase__exact=ARBITRATION"),
    Queue(_("Disputes in mediation"), "disputes.dispute", _open(Phase.MEDIATION), "phase__exact=MEDIATION"),
    Queue(_("Disputes in negotiation"), "disputes.dispute", _open(Phase.NEGOTIATION), "phase__exact=NEGOTIATION"),
    Queue(_("Disputes that nobody holds"), "disputes.dispute", held_by_nobody, "held=nobody"),
    Queue(_("Appeals"), "appeals.appeal", appeals_waiting, "status__exact=OPEN", within=timedelta(days=7)),
    Queue(_("Reports of users"), "reports.report", _waiting("reports.Report", status="OPEN"), "status__exact=OPEN"),
    Queue(_("Flagged content"), "screening.flag", _waiting("screening.Flag", status="OPEN"), "status__exact=OPEN"),
    Queue(
        _("Work whose proof is of something else, or was handed in before"),
        "jobs.submission",
        _waiting("jobs.Submission", proof__in=Submission.DOUBTFUL, verdict=Submission.Verdict.PENDING),
        "proof__in=MISMATCH,REUSED&verdict__exact=PENDING",
    ),
    Queue(
        _("Listings to verify"),
        "listings.listing",
        lambda: Listing.objects.filter(status=Listing.Status.PENDING),
        "status__exact=PENDING",
        "submitted_at",
    ),
    Queue(_("Stuck withdrawals"), "wallets.withdrawal", stuck_withdrawals, "stuck=yes", urgent=True),
    Queue(
        _("Adjustments for a second operator"),
        "desk.adjustment",
        lambda: Adjustment.objects.filter(status=Adjustment.Status.WAITING),
        "status__exact=WAITING",
    ),
    Queue(
        _("Webhook endpoints that stand still"),
        "webhooks.endpoint",
        lambda: Endpoint.objects.exclude(status=Endpoint.Status.ACTIVE),
        "status__in=PAUSED,DISABLED",
    ),
]


def queues(request: HttpRequest) -> list[Tile]:
    """Those whose list the operator may see, in the order of the table."""
    return [_tile(queue) for queue in QUEUES if _is_for(queue, request)]


def _is_for(queue: Queue, request: HttpRequest) -> bool:
    app, _dot, name = queue.model.partition(".")
    if name not in apps.all_models.get(app, ()):
        return False
    admin = site._registry.get(apps.get_model(queue.model))
    return admin is not None and admin.has_view_permission(request)


def _tile(queue: Queue) -> Tile:
    waiting = queue.waiting()
    counted = waiting.order_by()[:MOST_COUNTED].count()
    oldest = waiting.aggregate(oldest=Min(queue.since))["oldest"] if counted else None
    app, _dot, name = queue.model.partition(".")
    address = f"{reverse(f'admin:{app}_{name}_changelist')}?{queue.address}"
    is_late = oldest is not None and timezone.now() - oldest > queue.within
    return Tile(queue.name, counted, oldest, address, queue.urgent and counted > 0, is_late)


def books() -> Position:
    """What the last seal and the last audit say."""
    return position()


# How the desk does

MEDIAN = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - created_at))
    FROM disputes_dispute WHERE resolved_at > now() - make_interval(days => %s)
"""


@dataclass(frozen=True)
class Measures:
    """How the desk has done in MEASURED_DAYS days."""

    days: int
    median: timedelta | None
    appeals: int
    overturned: int
    categories: list[tuple[str, int, str]]


def measures() -> Measures:
    """The median time to the end of a dispute, how many appeals succeeded, and what disputes were about, with
    their share of the jobs that found a worker."""
    with connection.cursor() as cursor:
        cursor.execute(MEDIAN, [MEASURED_DAYS])
        [seconds] = cursor.fetchone()
    decided, wrong = overturned(MEASURED_DAYS)
    return Measures(
        MEASURED_DAYS, None if seconds is None else timedelta(seconds=round(seconds)), decided, wrong, _categories()
    )


def _categories() -> list[tuple[str, int, str]]:
    since = timezone.now() - timedelta(days=MEASURED_DAYS)
    counted = Dispute.objects.filter(created_at__gt=since).values_list("category").annotate(count=Count("pk"))
    assigned = Day.objects.filter(date__gte=since.date()).aggregate(all=Sum("jobs_assigned"))["all"] or 0
    return [
        (Category(category).label, count, f"{100 * count / assigned:.2f} %" if assigned else "—")
        for category, count in counted.order_by("-count", "category")
    ]


# How the market does


@dataclass(frozen=True)
class Bar:
    """One day: what it was in words, and how high it stands, 0 to 100."""

    day: date
    words: str
    height: float

    @property
    def top(self) -> float:
        return round(100 - self.height, 2)


@dataclass(frozen=True)
class Chart:
    """Thirty days as bars, the last of which is today, and what it says in one number."""

    name: Any
    now: str
    bars: list[Bar]


def charts() -> list[Chart]:
    """Volume, escrow and the rate of disputes, of the last CHART_DAYS days in UTC, from rollups and seals alone."""
    today = datetime.now(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    known = {day.date: day for day in Day.objects.filter(date__gte=dates[0])}
    counted = [known.get(one, Day(date=one)) for one in dates]
    volumes = [day.volume for day in counted]
    rates = [round(100 * day.jobs_disputed / day.jobs_assigned, 2) if day.jobs_assigned else 0.0 for day in counted]
    assigned, disputed = sum(day.jobs_assigned for day in counted), sum(day.jobs_disputed for day in counted)
    held = _escrow_at_end_of(dates)
    rate = f"{100 * disputed / assigned if assigned else 0:.2f} %"
    return [
        _chart(_("Volume in 30 days, USDC"), amount(sum(volumes)), dates, volumes, amount),
        _chart(_("Held in escrow, USDC"), amount(held[-1]), dates, held, amount),
        _chart(_("Disputes of jobs with a worker, 30 days"), rate, dates, rates, lambda value: f"{value} %"),
    ]


def _chart(name: Any, now: str, dates: list[date], values: Sequence[Any], say: Callable[[Any], str]) -> Chart:
    top = max(*values, 0) or 1
    bars = [Bar(day, say(value), round(value * 100 / top, 2)) for day, value in zip(dates, values, strict=True)]
    return Chart(name, now, bars)


def _escrow_at_end_of(dates: list[date]) -> list[int]:
    """Micro-USDC held for jobs at the last seal of each day: one look into the index of seals for each."""
    ends = [datetime.combine(one + timedelta(days=1), time(), UTC) for one in dates]
    with connection.cursor() as cursor:
        cursor.execute(ESCROW_AT, [ends])
        return [int(held or 0) for (held,) in cursor.fetchall()]
