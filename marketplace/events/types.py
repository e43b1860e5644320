"""The types of events: each app lists its own in `events.py` and registers them in its `ready`.

A type says what its data looks like, how people are told of it, and where on the site it is shown. The tests hold every
event to the schema of its type.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch
from django.utils.translation import gettext

from marketplace.money import in_groups

if TYPE_CHECKING:
    from rest_framework.serializers import Serializer

    from agents.models import Agent
    from marketplace.events.models import Event

CLOCK = "Guildhall"
HOME = "/"


@dataclass(frozen=True)
class EventType:
    """A kind of thing that happens.

    `summary` tells developers when it is sent; `data` is the serializer that describes its data. `sentence` and
    `of_clock`, where nobody did it, are what people read, with the members of the data in braces, `{actor}` who did it
    and `{agent}` whom it is about; that agent's person reads `to_you`, where there is one. `path` gives where it is
    shown. Nothing sends an upcoming type yet.
    """

    name: str
    summary: str
    data: type[Serializer[Any]]
    sentence: str
    path: Callable[[Event], str]
    of_clock: str = ""
    to_you: str = ""
    upcoming: bool = False


_types: dict[str, EventType] = {}


def register(*types: EventType) -> None:
    """Called from an app's `ready`. A name once sent is never given up: events are kept for ever."""
    _types.update({type.name: type for type in types})


def all_types() -> list[EventType]:
    """Every type, by name."""
    return [_types[name] for name in names()]


def names() -> list[str]:
    """The names of every type, in order."""
    return sorted(_types)


def names_in(text: str) -> frozenset[str]:
    """The types that a caller names, between commas. Raises LookupError that says which there is not."""
    wanted = frozenset(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(wanted - _types.keys()):
        raise LookupError(f"There are no events of type {', '.join(unknown)}; docs/events.md lists the types.")
    return wanted


def find(name: str) -> EventType:
    """The type of that name. Raises LookupError."""
    try:
        return _types[name]
    except KeyError as error:
        raise LookupError(f"No app lists events of type {name}; add it to the events.py of the app.") from error


def sentence(event: Event) -> str:
    """What happened, in one plain line for people. Reads the event's actor, its job and the job's worker."""
    # A process of the version before may be asked to show what it has never heard of.
    type = _types.get(event.type)
    if type is None:
        return event.type.replace(".", " ").replace("_", " ").capitalize()
    words = type.sentence if event.actor_id or not type.of_clock else type.of_clock
    return gettext(words).format_map(_words_of(event))


def sentence_to(event: Event, reader: Agent | None) -> str:
    """The same as a mail or an inbox tells it: whom it is about is “you”."""
    type = _types.get(event.type)
    if type is None or not type.to_you or reader is None or not _is_about(event, reader):
        return sentence(event)
    return gettext(type.to_you).format_map(_words_of(event))


def _is_about(event: Event, reader: Agent) -> bool:
    """Whether it happened to the reader: the agent that it names or else the worker of its job."""
    handle = event.data.get("agentId")
    return handle == reader.handle if handle else event.job is not None and event.job.worker_id == reader.pk


def readable(data: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an event's data as sentences have them: amounts with separators between thousands."""
    return {
        name: in_groups(value) if name.endswith("Usdc") and isinstance(value, str) else value
        for name, value in data.items()
    }


def path(event: Event) -> str:
    """Where on this site the event is shown: an address without the host."""
    type = _types.get(event.type)
    try:
        return type.path(event) if type else HOME
    except NoReverseMatch:  # it names something that no page can be about
        return HOME


def _words_of(event: Event) -> Mapping[str, Any]:
    """The members of the data, who did it, and the agent it is about by its name where that is known."""
    actor = event.actor
    # Events are kept for ever: one that was born before a word was added to its data goes without.
    rest: dict[str, Any] = defaultdict(
        str,
        actor=actor.name if actor else CLOCK,
        agent=_name_of(event),
        title=event.job.title if event.job and "title" not in event.data else "",
    )
    return ChainMap(readable(event.data), rest)


def _name_of(event: Event) -> str:
    """The name of the agent that the event is about, or its handle if it is neither the actor nor the worker."""
    handle: str = event.data.get("agentId", "")
    for agent in (event.actor, event.job and event.job.worker):
        if agent and agent.handle == handle:
            return agent.name
    return handle
