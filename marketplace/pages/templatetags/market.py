"""How the pages write amounts, times, states and people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, DateTimeField, Field, PasswordInput
from django.forms.widgets import CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy

from marketplace.html import UsdcField
from marketplace.json_limits import readable_json
from marketplace.markdown import plain_text, render_markdown
from marketplace.money import BASIS_POINTS, readable_usdc

register = template.Library()

# Tones by what a state asks of people: brass waits for someone, green goes well, red ended badly.
TONES = {
    "OPEN": "green",
    "ASSIGNED": "blue",
    "IN_PROGRESS": "blue",
    "IN_REVIEW": "brass",
    "COMPLETED": "green",
    "DISPUTED": "red",
    "PENDING": "brass",
    "ACCEPTED": "green",
    "APPROVED": "green",
    "REJECTED": "red",
    "ACTIVE": "green",
    "PAUSED": "brass",
    "SUSPENDED": "red",
    "VERIFIED": "green",
    "AWAITING": "brass",
    "SENT": "blue",
    "CONFIRMED": "green",
    "REVERSED": "red",
    "DELIVERED": "green",
    "FAILED": "red",
    "DISABLED": "red",
}

UNITS = {
    "day": ngettext_lazy("%(number)d day", "%(number)d days", "number"),
    "hour": ngettext_lazy("%(number)d hour", "%(number)d hours", "number"),
    "minute": ngettext_lazy("%(number)d minute", "%(number)d minutes", "number"),
    "second": ngettext_lazy("%(number)d second", "%(number)d seconds", "number"),
}


@register.filter
def amount(micro: int | None) -> str:
    """Micro-USDC as "1,234.50"; nothing for None."""
    return readable_usdc(micro) if micro is not None else ""


@register.filter
def usdc(micro: int | None) -> SafeString:
    """Micro-USDC with its unit, kept on one line."""
    if micro is None:
        return SafeString("")
    return format_html('<span class="number">{} USDC</span>', amount(micro))


@register.filter
def signed(micro: int) -> str:
    """Micro-USDC with its sign, for what came and went."""
    return f"+{amount(micro)}" if micro > 0 else f"−{amount(-micro)}"


@register.filter
def percent(basis_points: int) -> str:
    """Basis points as "5%"."""
    return f"{basis_points * 100 / BASIS_POINTS:g}%"


@register.filter
def duration(seconds: int | float | None) -> str:
    """Seconds in the largest unit that says it well: "7 days", "90 minutes"."""
    if seconds is None:
        return ""
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            return _count(round(seconds / size), name)
    return _count(round(seconds), "second")


@register.filter
def minutes(value: int | None) -> str:
    """Minutes as a duration."""
    return duration(value * 60) if value is not None else ""


@register.filter
def milliseconds(value: int) -> str:
    """Milliseconds as a duration."""
    return duration(value / 1000)


def _count(number: int, name: str) -> str:
    return UNITS[name] % {"number": number}


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """A time as people say it, with the exact one on hover and for machines."""
    if moment is None:
        return SafeString("")
    return _time(moment, _relative(moment - timezone.now(), moment), relative=True)


@register.simple_tag
def day(moment: datetime | None) -> SafeString:
    """A date for "until …", with the exact time on hover and for machines."""
    if moment is None:
        return SafeString("")
    return _time(moment, date_format(timezone.localtime(moment), "j F Y"))


@register.simple_tag
def at(moment: datetime | None) -> SafeString:
    """The exact time in the reader's zone, which it names."""
    if moment is None:
        return SafeString("")
    return _time(moment, _exact(moment))


def _time(moment: datetime, words: str, *, relative: bool = False) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        moment.isoformat(timespec="seconds"),
        _exact(moment),
        SafeString(" data-relative") if relative else "",
        words,
    )


def _exact(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j F Y, H:i T")


# Two days and 23 hours are three days: what was promised in three is not said to be due in two a second later.
NEARLY = 0.05


def _relative(distance: timedelta, moment: datetime) -> str:
    seconds = abs(distance.total_seconds())
    if seconds < 60:
        return gettext("just now") if distance < timedelta(0) else gettext("in a moment")
    if seconds > 30 * 86_400:
        return date_format(timezone.localtime(moment), "j M Y")
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60))
    name, size = next(unit for unit in units if seconds >= unit[1] * (1 - NEARLY))
    words = _count(int(seconds / size + NEARLY), name)
    return (gettext("%s ago") if distance < timedelta(0) else gettext("in %s")) % words


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside words that say the same; hidden from those who listen."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)


@register.simple_tag
def status_badge(thing: Any) -> SafeString:
    """The state of a job, bid, submission or agent."""
    state = getattr(thing, "status", None) or thing.verdict
    display = thing.get_status_display() if hasattr(thing, "status") else thing.get_verdict_display()
    return format_html('<span class="badge dot" data-tone="{}">{}</span>', TONES.get(state, "plain"), display)


@register.filter
def pretty_json(value: Any) -> str:
    """JSON for people to read; the template escapes it."""
    return readable_json(value)


@register.filter
def markdown(text: str | None) -> SafeString:
    """What somebody wrote in Markdown, as HTML in a `.markdown` box that is safe on any page."""
    return render_markdown(text or "")


@register.filter
def plain(text: str | None) -> str:
    """What somebody wrote in Markdown, without its marks, for a line in a list; the template escapes it."""
    return plain_text(text or "")


@register.filter
def initial(name: str) -> str:
    """The letter that stands for an agent."""
    return next((character for character in name if character.isalnum()), "?")


@register.simple_tag
def avatar(agent: Any, size: str = "") -> SafeString:
    """The mark of an agent beside its name: its picture or its initial, square for AI and round for people."""
    words = " ".join(filter(None, ["avatar", "" if agent.is_human else "ai", size]))
    if agent.avatar:
        address = reverse("avatar", args=[agent.avatar])
        return format_html(
            '<img class="{}" src="{}" alt="" width="256" height="256" loading="lazy" decoding="async">', words, address
        )
    return format_html('<span class="{}" aria-hidden="true">{}</span>', words, initial(agent.name))


@register.inclusion_tag("components/who.html")
def who(agent: Any, size: str = "") -> dict[str, Any]:
    """An agent with its mark, a square for AI and a circle for people, linked to its profile."""
    return {"agent": agent, "size": size}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, optional: bool = True) -> dict[str, Any]:
    """A form's field with its label, help and errors; `optional` says so beside the label of one that is."""
    widget = bound.field.widget
    return {
        "field": bound,
        "is_check": isinstance(widget, CheckboxInput),
        "is_secret": isinstance(widget, PasswordInput),
        "is_choices": isinstance(widget, CheckboxSelectMultiple | RadioSelect),
        "unit": "USDC" if isinstance(bound.field, UsdcField) else "",
        "zone": timezone.get_current_timezone_name() if isinstance(bound.field, DateTimeField) else "",
        "is_optional": optional and _may_be_empty(bound.field),
    }


def _may_be_empty(form_field: Field) -> bool:
    return not form_field.required and not isinstance(form_field.widget, CheckboxInput)


@register.inclusion_tag("components/form_errors.html")
def form_errors(*forms: Any) -> dict[str, Any]:
    """What is wrong with the forms of a page: their own errors, and links to the fields that have some."""
    present = [form for form in forms if form]
    return {
        "general": [error for form in present for error in form.non_field_errors()],
        "fields": [bound for form in present for bound in form.visible_fields() if bound.errors],
    }


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The address's query with changes; empty values are left out, so that shared addresses stay short."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters[name] = value if value is not None else ""
    for name in [name for name in parameters if not parameters[name]]:
        del parameters[name]
    return "?" + parameters.urlencode()
