"""What readers are told of a text, and who was refused often."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Now

from marketplace.screening.models import Flag, HiddenText, Strike

HIDDEN = "hidden"
HIDDEN_SAYS = "[hidden by the operators]"


def with_flags(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what `flags_of` says of each, in one query."""
    flags = _standing().filter(thing=OuterRef("pk"), kind=rows.model._meta.label_lower)
    return rows.annotate(
        flagged_rules=ArraySubquery(flags.values("rule")), flagged_states=ArraySubquery(flags.values("status"))
    )


def flags_of(thing: Model) -> list[str]:
    """Names of the rules that found something in its texts, and `hidden` when an operator hid them."""
    if not hasattr(thing, "flagged_rules"):
        flags = list(flags_on(thing).exclude(status=Flag.Status.DISMISSED).values_list("rule", "status"))
        thing.flagged_rules = [rule for rule, _ in flags]  # type: ignore[attr-defined]
        thing.flagged_states = [status for _, status in flags]  # type: ignore[attr-defined]
    pairs = zip(thing.flagged_rules, thing.flagged_states, strict=True)  # type: ignore[attr-defined]
    return written_flags(f"{rule}:{status}" for rule, status in pairs)


def written_flags(flags: Iterable[str]) -> list[str]:
    """As the wire has them, of `rule:STATUS`."""
    pairs = (flag.rsplit(":", 1) for flag in flags)
    return sorted({HIDDEN if status == Flag.Status.HIDDEN.value else rule for rule, status in pairs})


def flags_on(thing: Model) -> QuerySet[Flag]:
    """All that was ever found in its texts."""
    return Flag.objects.filter(thing=thing.pk, kind=thing._meta.label_lower)


def is_hidden(model: type[Model], key: str = "pk") -> Exists:
    """For a query: whether operators hid the texts of the thing that the row names by this key."""
    return Exists(Flag.objects.filter(thing=OuterRef(key), kind=model._meta.label_lower, status=Flag.Status.HIDDEN))


def is_kept_from_readers(row: Model) -> bool:
    """Whether operators hid the thing that this row is, or is a part of."""
    return HiddenText.objects.filter(row=row.pk, row_kind=row._meta.label_lower).exists()


def _standing() -> QuerySet[Flag]:
    return Flag.objects.exclude(status=Flag.Status.DISMISSED).order_by("pk")


def repeat_offenders() -> QuerySet[Any, Any]:
    """Authors who were refused as often as operators want to hear of, with how often, the most first."""
    recent = Strike.objects.filter(created_at__gt=Now() - timedelta(days=settings.STRIKE_DAYS))
    counted = recent.values("author", "author__handle").annotate(count=Count("pk"))
    return counted.filter(count__gte=settings.STRIKES_TO_REPORT).order_by("-count", "author")
