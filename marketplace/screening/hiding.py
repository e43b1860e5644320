"""What operators hide stands nowhere any more: it is taken out of the rows that have it, and of what was told of them.

So no page, list, search, copy, export or wire can forget to leave it out. What stood there is kept for operators, and
put back when one says that it was harmless.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pgtrigger
from django.apps import apps
from django.db.models import Model, Q, QuerySet, TextField, URLField

from marketplace.api.problems import camel_case
from marketplace.events.fields import Written
from marketplace.events.models import Event
from marketplace.events.types import all_types
from marketplace.screening.models import Flag, HiddenText
from marketplace.screening.queries import HIDDEN_SAYS, flags_on
from marketplace.screening.texts import Texts

Values = dict[str, Any]


def hide(thing: Model) -> None:
    """Takes the texts of the thing out of its row, its files' names and its events. The caller holds the row's lock.

    Doing it again takes out what was written meanwhile.
    """
    columns = _hidden_columns(thing)
    _take_columns(thing, thing, columns)
    for file in _files_of(thing):
        _take_columns(thing, file, texts_of(file).together)
    events = HiddenText.objects.filter(kind=_kind(thing), thing=thing.pk, row_kind=_kind(Event))
    known = set(events.values_list("row", flat=True))
    for event, members in _events_of(thing, columns):
        said = [event.data[member] for member in members if event.data.get(member)]
        if event.uid not in known or not all(map(is_taken, said)):
            _take_members(thing, event, members)


def show(thing: Model) -> None:
    """Puts back all that was taken, but for what something else that is hidden has taken as well."""
    for kept in HiddenText.objects.filter(kind=_kind(thing), thing=thing.pk):
        _put_back(kept, thing)
    HiddenText.objects.filter(kind=_kind(thing), thing=thing.pk).delete()


def show_rewritten(thing: Model) -> None:
    """Puts back what was taken of the thing itself and was not written anew; its author mended the rest.

    What was told of it before stays hidden: it has the words that were hidden.
    """
    for kept in HiddenText.objects.filter(kind=_kind(thing), thing=thing.pk).exclude(row_kind=_kind(Event)):
        _put_back(kept, thing)
        kept.delete()


def is_taken(value: Any) -> bool:
    """Whether that is what stands in place of a text, or of each of several: whoever sends it back has rewritten
    nothing."""
    if isinstance(value, list | tuple):
        return all(is_taken(one) or one == "" for one in value)
    return (value.strip() if isinstance(value, str) else value) in (HIDDEN_SAYS, {})


# Which rows and columns


def texts_of(thing: Model) -> Texts:
    """What its model says, or all of its long texts."""
    texts: Texts | None = getattr(thing, "screened_texts", None)
    long = tuple(field.name for field in thing._meta.concrete_fields if isinstance(field, TextField))
    return texts or Texts(long, job="job_id" if hasattr(thing, "job_id") else "")


def _hidden_columns(thing: Model) -> list[str]:
    texts = texts_of(thing)
    hidden = flags_on(thing).filter(status=Flag.Status.HIDDEN).values_list("field", flat=True)
    fields = {field.partition(".")[0] for field in hidden}
    return [*texts.together, *(column for column in texts.alone if camel_case(column) in fields)]


def _files_of(thing: Any) -> list[Any]:
    if not hasattr(thing, "attachments"):
        return []
    return [attachment.file for attachment in thing.attachments.select_related("file")]


def _events_of(thing: Model, columns: Collection[str]) -> Iterator[tuple[Event, list[str]]]:
    """The events that tell of the thing, each with its members that have a text of it."""
    for (key, by), members in _members_of(_kind(thing), columns).items():
        told = Event.objects.filter(job=_job_of(thing), type__in=list(members)).order_by("pk")
        if key:  # one that does not say which thing it is of may be of this one
            told = told.filter(Q(**{f"data__{key}": str(getattr(thing, by))}) | ~Q(data__has_key=key))
        for event in told:
            yield event, members[event.type]


def _members_of(kind: str, columns: Collection[str]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Of the events that tell of such a thing: by the member that names it, and its type, the members with texts."""
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for type in all_types():
        for name, field in type.data().get_fields().items():
            for of in field.of if isinstance(field, Written) else ():
                if of.model == kind and (not of.alone or of.alone in columns):
                    found[of.key, of.by][type.name].append(camel_case(name))
    return found


def _job_of(thing: Any) -> Any:
    """The id of the job in whose story the thing is told; None for what is told in none."""
    if _kind(thing) == "jobs.job":
        return thing.pk
    for step in filter(None, texts_of(thing).job.split(".")):
        thing = getattr(thing, step)
    return thing if not isinstance(thing, Model) else None


# Taking out and putting back


def _take_columns(thing: Model, row: Model, columns: Iterable[str]) -> None:
    there = {column: getattr(row, column) for column in columns if getattr(row, column)}
    _keep(thing, row, there)
    _write(row, {column: _in_place_of(row, column, value) for column, value in there.items()})


def _take_members(thing: Model, event: Event, members: Iterable[str]) -> None:
    there = {member: event.data[member] for member in members if event.data.get(member)}
    _keep(thing, event, there)
    _tell_otherwise(event, {member: [] if isinstance(value, list) else HIDDEN_SAYS for member, value in there.items()})


def _keep(thing: Model, row: Model, there: Values) -> None:
    """Notes what stood in the row; nothing for what is out of it already, so that nobody puts that back too early."""
    if not there:
        return
    kept, _ = HiddenText.objects.get_or_create(
        kind=_kind(thing), thing=thing.pk, row_kind=_kind(row), row=_uuid(row), defaults={"values": {}}
    )
    known = {name: kept.values.get(name) for name, value in there.items() if is_taken(value)}
    kept.values = {**kept.values, **there, **known}
    kept.save(update_fields=["values"])


def _put_back(kept: HiddenText, thing: Model) -> None:
    """What still stands empty, unless something else has taken it too: then that keeps it."""
    values = {name: value for name, value in kept.values.items() if value is not None}
    same_row = HiddenText.objects.filter(row_kind=kept.row_kind, row=kept.row).exclude(pk=kept.pk)
    for other in same_row:
        left = {name: values.pop(name) for name in list(values) if name in other.values}
        other.values |= left
        other.save(update_fields=["values"])
    model: Any = apps.get_model(kept.row_kind)
    if model is Event:
        event = Event.objects.get(uid=kept.row)
        _tell_otherwise(event, {name: value for name, value in values.items() if is_taken(event.data.get(name))})
        return
    is_thing = (kept.row_kind, kept.row) == (kept.kind, kept.thing)
    row = thing if is_thing else model._base_manager.filter(pk=kept.row).first()
    if row is not None:
        _write(row, {name: value for name, value in values.items() if _is_empty(row, name, value)})


def _is_empty(row: Model, column: str, value: Any) -> bool:
    return bool(getattr(row, column) == _in_place_of(row, column, value))


def _in_place_of(row: Model, column: str, value: Any) -> Any:
    if isinstance(value, str):
        return "" if isinstance(row._meta.get_field(column), URLField) else HIDDEN_SAYS
    return [] if isinstance(value, list) else {}


def _write(row: Model, values: Mapping[str, Any]) -> None:
    """Into the row and what the caller has of it."""
    if not values:
        return
    for column, value in values.items():
        setattr(row, column, value)
    with _unfrozen(type(row)):
        _rows(type(row)).filter(pk=row.pk).update(**values)


def _tell_otherwise(event: Event, values: Values) -> None:
    """The event with these members, in what everybody is sent as well."""
    if not values:
        return
    event.data = {**event.data, **values}
    message = {**json.loads(bytes(event.body)), "data": event.data}
    event.body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    with _unfrozen(Event):
        Event.objects.filter(pk=event.pk).update(data=event.data, body=event.body)


def _unfrozen(model: type[Model]) -> AbstractContextManager[None]:
    """Rows that are kept as they were written may lose what operators hide, and nothing else is done meanwhile."""
    freezing = (pgtrigger.Protect, pgtrigger.ReadOnly)
    names = [trigger.name for trigger in getattr(model._meta, "triggers", ()) if isinstance(trigger, freezing)]
    return pgtrigger.ignore(*(f"{model._meta.label}:{name}" for name in names)) if names else nullcontext()


def _rows(model: type[Model]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._base_manager.all()
    return rows


def _kind(thing: Model | type[Model]) -> str:
    return thing._meta.label_lower


def _uuid(row: Model) -> Any:
    return row.uid if isinstance(row, Event) else row.pk
