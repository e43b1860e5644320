"""The record of what operators do: one place that no act passes by.

Whatever is sent to the admin goes through `recorded`, in one transaction with what it changes. It looks at the things
that are named, before and after, so that a page of the admin has nothing to remember. What operators decide about
disputes over HTTP or on the site's pages is noticed as its rows are written.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any

import structlog
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from disputes.models import Dispute, InformationRequest, Offer, Ruling, Side
from disputes.rules import is_operating
from marketplace.api.throttling import address_of
from marketplace.desk.models import Act
from marketplace.timestamps import format_timestamp

SAFE = ("GET", "HEAD", "OPTIONS")
# Fields of forms that say why.
REASONS = ("reason", "note", "question", "text")
LONGEST_VALUE = 500
# Of these the log says that they changed, and not to what.
SECRET = re.compile(r"password|secret|hash|token|key$")
EDITED_ROW = re.compile(r"form-\d+-(\w+)")

Values = dict[str, Any]
_in_the_admin: ContextVar[bool] = ContextVar("in_the_admin", default=False)


def recorded(view: Callable[..., HttpResponse], admin_of: Callable[[str], Any]) -> Callable[..., HttpResponse]:
    """The view, with a record of what it changed; `admin_of` finds the admin of a model by the name of an address."""

    @wraps(view)
    def acted(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in SAFE or request.resolver_match is None:
            return view(request, *args, **kwargs)
        admin = admin_of(_name_of(request))
        if admin is None:
            return view(request, *args, **kwargs)
        inside = _in_the_admin.set(True)
        try:
            with transaction.atomic():
                return _watch(request, admin, lambda: view(request, *args, **kwargs))
        finally:
            _in_the_admin.reset(inside)

    return acted


def _watch(request: Any, admin: Any, run: Callable[[], HttpResponse]) -> HttpResponse:
    verb = verb_of(request, admin.model)
    named = list(_things(request, admin))
    names = {str(thing.pk): str(thing) for thing in named}
    before = {str(thing.pk): snapshot(thing) for thing in named}
    added_before = _added(request, admin.model)
    response = run()
    if verb == "add":
        before = {pk: {} for pk in _added(request, admin.model) - added_before}
    after = {str(thing.pk): thing for thing in _find(admin.model, before)}
    for pk, was in before.items():
        if pk in getattr(request, "refused", ()):
            continue
        thing = after.get(pk)
        changes = _changes(was, snapshot(thing) if thing else {})
        # A page that is shown again, with what is wrong or to be confirmed, did nothing.
        if any(changes) or response.status_code == 302:
            name = str(thing) if thing else names[pk]
            _record(request, verb, admin.model, pk, name, *changes)
    return response


def refuse(request: Any, thing: models.Model) -> None:
    """Says that nothing was done to this one, although the answer leads on."""
    request.refused = {*getattr(request, "refused", ()), str(thing.pk)}


def _record(request: Any, verb: str, model: Any, pk: str, name: str, before: Values, after: Values) -> None:
    reason = next((request.POST[field] for field in REASONS if request.POST.get(field)), "")
    Act.objects.create(
        operator=request.user.agent,
        verb=verb[:80],
        model=model._meta.label_lower,
        thing_id=pk[:100],
        thing_name=name[:200],
        before=before,
        after=after,
        reason=reason,
        request_id=request.request_id,
        address=address_of(request),
    )


def verb_of(request: HttpRequest, model: Any) -> str:
    """What is done: the action of a list, or the last word of the address's name."""
    name = _name_of(request).removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
    return str(request.POST.get("action") or "change") if name == "changelist" else name


def _name_of(request: HttpRequest) -> str:
    """The name of the address; Django calls one page of users after its own model, whatever ours is."""
    assert request.resolver_match is not None
    return (request.resolver_match.url_name or "").replace("auth_user_", "agents_user_")


def _things(request: Any, admin: Any) -> Iterator[Any]:
    """The rows that a request names: by its address, as chosen in a list, or edited in one."""
    if request.POST.get("select_across") == "1":
        yield from admin.get_changelist_instance(request).get_queryset(request)
        return
    named = [unquote(str(value)) for value in request.resolver_match.kwargs.values()]
    named += request.POST.getlist("_selected_action")
    pk = admin.model._meta.pk.name
    for field, value in request.POST.items():
        edited = EDITED_ROW.fullmatch(field)
        if edited and edited[1] == pk:
            named.append(value)
    yield from _find(admin.model, named)


def _find(model: Any, named: Any) -> Iterator[Any]:
    pks = []
    for value in named:
        try:
            pks.append(model._meta.pk.to_python(value))
        except ValidationError:
            continue  # the view says that there is no such thing
    yield from model._base_manager.filter(pk__in=pks)


def _added(request: Any, model: Any) -> set[str]:
    """What Django's own log says that this operator added last."""
    kind = ContentType.objects.get_for_model(model)
    entries = LogEntry.objects.filter(user=request.user, content_type=kind, action_flag=ADDITION).order_by("-pk")
    newest = entries.values_list("object_id", flat=True).first()
    return {newest} if newest else set()


def snapshot(thing: models.Model) -> Values:
    """All that is stored of the thing, and what it is linked with."""
    fields = [field for field in thing._meta.concrete_fields if not field.generated]
    values: Values = {field.name: field.value_from_object(thing) for field in fields}
    for linked in thing._meta.many_to_many:
        values[linked.name] = sorted(str(other) for other in getattr(thing, linked.name).all())
    return values


def _changes(before: Values, after: Values) -> tuple[Values, Values]:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: _shown(name, before[name]) for name in changed if name in before},
        {name: _shown(name, after[name]) for name in changed if name in after},
    )


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, bytes | memoryview) or SECRET.search(name):
        return f"hidden, {hashlib.sha256(str(value).encode()).hexdigest()[:8]}"
    if isinstance(value, list):
        return [str(one)[:LONGEST_VALUE] for one in value]
    return str(value)[:LONGEST_VALUE]


# Outside the admin


def note_elsewhere(sender: Any, instance: Any, created: bool, **_: Any) -> None:
    """An operator's decision about a dispute that comes over HTTP or from a page of the site."""
    found = _decision(instance) if created else None
    if found is not None:
        _note(*found)


def note_naming(sender: Any, dispute: Dispute, actor: Any, mediator: Any, **_: Any) -> None:
    """The same of naming a mediator, which makes no row of its own."""
    _note("assign-mediator", dispute, actor, {"mediator": mediator.handle}, "")


def note_extending(sender: Any, dispute: Dispute, actor: Any, **_: Any) -> None:
    """The same of a phase that was made longer."""
    assert dispute.phase_ends_at is not None
    _note("extend", dispute, actor, {"phase_ends_at": format_timestamp(dispute.phase_ends_at)}, "")


def _note(verb: str, dispute: Dispute, actor: Any, facts: Values, reason: str) -> None:
    if _in_the_admin.get() or not is_operating(actor, dispute):
        return
    about = structlog.contextvars.get_contextvars()
    Act.objects.create(
        operator=actor,
        verb=verb,
        model=Dispute._meta.label_lower,
        thing_id=str(dispute.pk),
        thing_name=str(dispute)[:200],
        after=facts,
        reason=reason,
        request_id=about.get("request_id", ""),
        address=about.get("ip", ""),
    )


def _decision(row: Any) -> tuple[str, Dispute, Any, Values, str] | None:
    if isinstance(row, Ruling):
        return "rule", row.dispute, row.made_by, {"to_poster": row.to_poster}, row.note
    if isinstance(row, InformationRequest):
        return "ask", row.dispute, row.made_by, {"of": row.of}, row.question
    if isinstance(row, Offer) and row.side == Side.MEDIATOR:
        return "propose", row.dispute, row.made_by, {"to_poster": row.to_poster}, row.note
    return None
