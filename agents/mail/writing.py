"""The words of a letter: plain text and HTML from templates/mail/, and the headers that mail programs act on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import prefetch_related_objects
from django.template.loader import render_to_string
from django.urls import reverse

from agents.mail.kinds import DIGEST, KINDS, Rhythm
from agents.mail.links import unsubscribe_url
from agents.mail.models import Item, Letter, RefusedAddress
from agents.models import Agent
from marketplace.events import types
from marketplace.events.models import Event
from marketplace.text import clean_text

LONGEST_SUBJECT = 150
LONGEST_LINE = 500
# Of a day; whoever wants them all finds them in the inbox.
MOST_LINES = 100
# Where an address comes apart, so that mail programs see none.
ADDRESS = re.compile(r"://|(?<=\bwww)\.", re.IGNORECASE)


class NotWanted(Exception):
    """There is nobody to send the letter to, or nothing to say; the message says why."""


@dataclass(frozen=True)
class Line:
    """One event, in one line, and where it is shown."""

    words: str
    url: str


@dataclass(frozen=True)
class Group:
    """What happened with one job; without a title, what concerns none."""

    title: str
    lines: list[Line]


class Writer:
    """Writes the mails of these letters; reads what they are about with the same few queries for one and for many."""

    def __init__(self, letters: Sequence[Letter]):
        prefetch_related_objects(letters, "user__agent", "items__event__job__worker", "items__event__actor")
        self._addresses = _addresses({letter.user_id for letter in letters})

    def write(self, letter: Letter) -> EmailMultiAlternatives:
        """The letter's mail. Raises NotWanted."""
        items, address = list(letter.items.all()), self._addresses.get(letter.user_id)
        if not letter.user.is_active or not address:
            raise NotWanted("The person has no account in use, or no confirmed address that takes mail.")
        if not items:
            raise NotWanted("The person ended mails of this kind.")
        return _digest(letter, address, items) if letter.rhythm == Rhythm.DAILY else _single(letter, address, items[0])


def _addresses(users: Iterable[int]) -> dict[int, str]:
    """Where each person reads mail: a confirmed address, their first if it is one, that has not been refused."""
    confirmed = EmailAddress.objects.filter(user__in=users, verified=True).order_by("primary", "-pk")
    found = list(confirmed.values_list("user_id", "email"))
    emails = [email.lower() for _, email in found]
    refused = set(RefusedAddress.objects.filter(email__in=emails).values_list("email", flat=True))
    return {user: email for user, email in found if email.lower() not in refused}


def _single(letter: Letter, address: str, item: Item) -> EmailMultiAlternatives:
    line, kind = _line(item.event, letter.user.agent), KINDS[item.kind]
    ends = [] if kind.required else [kind]
    context = {"line": line, "kind": kind}
    return _mail(letter, address, line.words, "mail/letters/single", context, ends, "" if kind.required else kind.key)


def _digest(letter: Letter, address: str, items: list[Item]) -> EmailMultiAlternatives:
    count = len(items)
    kinds = [kind for kind in KINDS.values() if any(item.kind == kind.key for item in items)]
    ends = [kind for kind in kinds if not kind.required]
    context = {
        "count": count,
        "groups": _groups((item.event for item in items[:MOST_LINES]), letter.user.agent),
        "left_out": max(0, count - MOST_LINES),
    }
    subject = "1 thing happened since yesterday" if count == 1 else f"{count} things happened since yesterday"
    return _mail(letter, address, subject, "mail/letters/digest", context, ends, DIGEST if ends else "")


def _groups(events: Iterable[Event], reader: Agent) -> list[Group]:
    """By job, in the order in which the first of each happened; what concerns no job comes last."""
    groups: dict[Any, Group] = {}
    for event in events:
        title = one_line(event.job.title) if event.job else ""
        groups.setdefault(event.job_id, Group(title, [])).lines.append(_line(event, reader))
    return sorted(groups.values(), key=lambda group: not group.title)


def _line(event: Event, reader: Agent) -> Line:
    words = one_line(types.sentence_to(event, reader))
    return Line(_shortened(words, LONGEST_LINE), settings.SITE_URL + types.path(event))


def one_line(text: str) -> str:
    """Fit for a header: no line breaks of any kind, no control or direction characters (SURVIVE S7, M4).

    Nor addresses that a mail program would make links of, in a letter that comes in our name.
    """
    return " ".join(ADDRESS.sub(r" \g<0> ", clean_text(text)).split())


def _mail(
    letter: Letter, address: str, subject: str, template: str, context: dict[str, Any], ends: list[Any], header: str
) -> EmailMultiAlternatives:
    """The mail; `ends` are the kinds with a link that ends them, `header` is what one click of a mail program ends."""
    context |= {
        "subject": subject,
        "user": letter.user,
        "site_url": settings.SITE_URL,
        "preferences_url": settings.SITE_URL + reverse("mail_preferences"),
        "ends": [(kind.label, unsubscribe_url(letter.user_id, kind.key)) for kind in ends],
    }
    mail = EmailMultiAlternatives(
        _shortened(subject, LONGEST_SUBJECT),
        render_to_string(f"{template}.txt", context),
        to=[address],
        headers=_headers(letter, header),
    )
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return mail


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _headers(letter: Letter, ends: str) -> dict[str, str]:
    """Message-ID is the same however often we try, so that whoever got it twice can tell; RFC 3834, RFC 8058."""
    headers = {
        "Message-ID": f"<{letter.pk}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
        "Auto-Submitted": "auto-generated",
    }
    if ends:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url(letter.user_id, ends)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
