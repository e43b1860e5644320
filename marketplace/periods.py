"""Calendar days and months: those of UTC by the database's clock, whatever time a server believes it is."""

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import DateField
from django.db.models.functions import Now, TruncDate, TruncMonth

# Expressions for queries.
TODAY = TruncDate(Now(), tzinfo=UTC)
FIRST_OF_MONTH = TruncMonth(Now(), output_field=DateField(), tzinfo=UTC)


def end_of_day(day: date) -> datetime:
    """The midnight that ends it."""
    return datetime.combine(day + timedelta(days=1), time.min, UTC)


def end_of_month(day: date) -> datetime:
    """The midnight that ends the month it is in."""
    first_of_next = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return datetime.combine(first_of_next, time.min, UTC)
