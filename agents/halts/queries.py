"""Reads of halts, all by the database's clock."""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Least, Now

from agents.halts.models import Activity, Halt

LONGEST_CATCHING_UP = timedelta(days=1)


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
    halts = Halt.objects.filter(agent=None, activity=Activity.EVERYTHING).annotate(ended=Least("lifted_at", "ends_at"))
    lasted = ExpressionWrapper(F("ended") - F("created_at"), DurationField())
    since = ExpressionWrapper(Now() - F("ended"), DurationField())
    catches_up = Q(ended__gt=Now() - LONGEST_CATCHING_UP, lasted__gt=F("since"))
    return halts.annotate(lasted=lasted, since=since).filter(Q(ended=None) | Q(ended__gt=Now()) | catches_up).exists()
