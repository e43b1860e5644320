"""Reads of halts, all by the database's clock."""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Least, Now

from agents.halts.models import Activity, Halt

LONGEST_CATCHING_UP = timedelta(days=1)
# Of `_of_clocks`.
STANDING = Q(ended=None) | Q(stands_until__gt=Now())


def running() -> QuerySet[Halt]:
    """Those that hold now."""
    return Halt.objects.filter(Q(ends_at=None) | Q(ends_at__gt=Now()), lifted_at=None)


def over_the_site() -> QuerySet[Halt]:
    """Those of them that hold for everybody, oldest first."""
    return running().filter(agent=None).order_by("created_at", "id")


def due_to_end() -> QuerySet[Halt]:
    """Suspensions whose end has come; other halts need nobody to end them."""
    over = Halt.objects.filter(activity=Activity.EVERYTHING, agent__isnull=False, lifted_at=None, ends_at__lte=Now())
    return over.order_by("ends_at")


def clocks_stand() -> bool:
    """Whether time decides nothing about deals: while the site is for reading alone, and as long again after that, a
    day at most, so that nobody loses the time in which they could not act."""
    return _of_clocks().filter(STANDING).exists()


def clocks_stopped_at() -> datetime | None:
    """Since when clocks stand; None while they go. What was over before that stays over.

    A halt that began while an earlier one still held the clocks goes on with it, and keeps what that one promised.
    """
    begins = _of_clocks().order_by("created_at").values_list("created_at", flat=True)
    stopped_at = earlier = begins.filter(STANDING).first()
    while earlier is not None:
        overlapping = Q(created_at__lt=earlier, stands_until__gt=earlier)
        stopped_at, earlier = earlier, begins.filter(overlapping).first()
    return stopped_at


def is_held_off(end: datetime) -> bool:
    """Whether an end whose time is over has not come yet, because clocks stopped before it."""
    stopped_at = clocks_stopped_at()
    return stopped_at is not None and stopped_at < end


def _of_clocks() -> QuerySet[Halt]:
    """Those that stop clocks, with when they `ended` and until when clocks stand because of them."""
    halts = Halt.objects.filter(agent=None, activity=Activity.EVERYTHING).annotate(ended=Least("lifted_at", "ends_at"))
    lasted = ExpressionWrapper(F("ended") - F("created_at"), DurationField())
    catching_up = Least(lasted, Value(LONGEST_CATCHING_UP, DurationField()))
    return halts.annotate(stands_until=ExpressionWrapper(F("ended") + catching_up, DateTimeField()))
