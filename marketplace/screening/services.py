"""One way in: `screen` says what is in some fields, `screened` makes a verb ask it."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import structlog
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from marketplace.errors import FieldError, Invalid, NotFound
from marketplace.screening.hiding import hide, is_taken, show, show_rewritten
from marketplace.screening.models import LONGEST_EXCERPT, Finding, Flag, Strike
from marketplace.screening.queries import flags_on
from marketplace.screening.rules import Action, findings

P = ParamSpec("P")
R = TypeVar("R")
HIDDEN_TEXT = "hidden_text"
REPORTED = "reported"
SAYS = {
    "secret": "Holds what looks like a private key, a seed phrase or a token: leave it out; if it is real, change it.",
    "asks_for_secrets": "Asks for a secret that nobody should give away; leave that out.",
}
OTHERWISE = "Holds what may not be offered or asked for here ({rule}); write it without that."
logger = structlog.get_logger(__name__)


class Prohibited(Invalid):
    """A text that may not be kept; `errors` names the fields."""

    code, title = "CONTENT_PROHIBITED", "Prohibited content"


@dataclass(frozen=True)
class Found:
    """What a rule found in a field."""

    field: str
    rule: str
    action: Action
    text: str


@dataclass(frozen=True)
class Verdict:
    """What was found in all fields."""

    found: tuple[Found, ...]

    @property
    def refused(self) -> list[Found]:
        """What may not be kept."""
        return [one for one in self.found if one.action == Action.REFUSE]

    @property
    def flagged(self) -> list[Found]:
        """What is kept with a warning."""
        return [one for one in self.found if one.action == Action.FLAG]


def screen(fields: Mapping[str, Any], *, refuses: bool = True) -> Verdict:
    """What is in these fields: texts, or JSON whose texts are named by their paths.

    Where nothing may be refused (one who shows what another wrote has to quote it) everything is flagged.
    """
    found: dict[tuple[str, str], Found] = {}
    for field, text in _texts(fields):
        for rule, action in _findings(field, text):
            action = action if refuses else Action.FLAG
            found.setdefault((field, rule), Found(field, rule, action, text))
    return Verdict(tuple(found.values()))


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text in it, with its dotted path; names of members are texts of the object that they are in."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            here = f"{path}.{name}" if path else str(name)
            if path:
                yield path, str(name)
            yield from _texts(member, here)
    elif isinstance(value, list | tuple):
        for number, member in enumerate(value):
            yield from _texts(member, f"{path}.{number}")


def _findings(field: str, text: str) -> Iterator[tuple[str, Action]]:
    for rule, _ in findings(text):
        yield (rule.name, rule.action) if rule else (HIDDEN_TEXT, Action.FLAG)
    if settings.CONTENT_CLASSIFIER:
        yield from _classify(field, text)


def _classify(field: str, text: str) -> list[tuple[str, Action]]:
    """What the site's own classifier says, a callable of (field, text) that returns pairs of a name and REFUSE or FLAG.
    When it fails, the text is kept: the market does not stop with it."""
    try:
        return [(str(name)[:50], Action(action)) for name, action in _classifier()(field, text)]
    except Exception:
        logger.exception("content_classifier_failed", field=field)
        return []


def _classifier() -> Callable[[str, str], Any]:
    return cast("Callable[[str, str], Any]", import_string(settings.CONTENT_CLASSIFIER))


def screened(
    *,
    author: str = "actor",
    refuses: bool = True,
    rewrites: bool = False,
    thing: Callable[[Any], Model | list[Any]] = lambda done: done,
    **names: str,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A verb whose arguments of these names are screened first, each under its name in the API.

    Raises Prohibited, which is a strike for the author. What is flagged is kept with what the verb returns, or the
    `thing` of it, or each of several; a verb that `rewrites` what it returns takes earlier flags away as well.
    """

    def decorate(verb: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(verb)
        def ask_first(*args: P.args, **words: P.kwargs) -> R:
            fields = {outside: words[name] for name, outside in names.items() if name in words}
            verdict = screen(fields, refuses=refuses)
            writer = words.get(author)
            if verdict.refused:
                _refuse(verdict, verb.__name__, writer)
            if not verdict.flagged and not (rewrites and fields):
                return verb(*args, **words)
            with transaction.atomic():
                done = verb(*args, **words)
                things = thing(done)
                for one in things if isinstance(things, list) else [things]:
                    _keep(verdict, fields, one, verb.__name__, writer)
            return done

        return ask_first

    return decorate


def require_allowed(verb: str, **fields: Any) -> None:
    """For what is asked before there is an author. Raises Prohibited."""
    verdict = screen(fields)
    if verdict.refused:
        _refuse(verdict, verb, None)


def _refuse(verdict: Verdict, verb: str, author: Any) -> None:
    for found in verdict.refused:
        _note(Strike(**_facts(found, verb, author)))
    errors = {one.field: SAYS.get(one.rule, OTHERWISE).format(rule=one.rule) for one in verdict.refused}
    field, says = next(iter(errors.items()))
    raise Prohibited(f"{field}: {says}", errors=[FieldError(field, says) for field, says in errors.items()])


def _keep(verdict: Verdict, fields: Mapping[str, Any], thing: Model, verb: str, author: Any) -> None:
    """The flags of these fields as they are now; what an operator has said of the same words stays said."""
    earlier = {(flag.field, flag.rule): flag for flag in flags_on(thing)}
    now = {(one.field, one.rule): one for one in verdict.flagged}
    written = {field for field, value in fields.items() if not is_taken(value)}
    rewritten = [
        flag.pk for key, flag in earlier.items() if key[0].partition(".")[0] in written and _differs(flag, now)
    ]
    if rewritten:
        Flag.objects.filter(pk__in=rewritten).delete()
    kept = {key: flag for key, flag in earlier.items() if flag.pk not in rewritten}
    author = author or _agent(thing)
    facts = [_facts(one, verb, author) for key, one in now.items() if key not in kept]
    added = [Flag(thing=thing.pk, kind=thing._meta.label_lower, **fact, **_as_before(fact)) for fact in facts]
    Flag.objects.bulk_create(added)
    if any(flag.status == Flag.Status.HIDDEN for flag in (*kept.values(), *added)):
        hide(thing)
    elif any(flag.status == Flag.Status.HIDDEN for flag in earlier.values()):
        show_rewritten(thing)


def _as_before(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Words that were hidden are hidden when their author, or another agent of the same owner, writes them again."""
    author = fact["author"]
    if author is None:
        return {}
    same_hand = Q(author=author)
    if author.controller_id is not None:
        same_hand |= Q(author__user=author.controller_id) | Q(author__owner=author.controller_id)
    same = Flag.objects.filter(same_hand, rule=fact["rule"], excerpt=fact["excerpt"], status=Flag.Status.HIDDEN)
    before = same.order_by("pk").first()
    return {"status": before.status, "decided_by": before.decided_by, "decided_at": before.decided_at} if before else {}


def _differs(flag: Flag, now: Mapping[tuple[str, str], Found]) -> bool:
    """What was hidden stays so until the rule finds nothing more: else another full stop would show it again."""
    found = now.get((flag.field, flag.rule))
    if found is None or flag.status == Flag.Status.HIDDEN:
        return found is None
    return found.text[:LONGEST_EXCERPT] != flag.excerpt


def _agent(thing: Model) -> Model | None:
    """An agent that has just registered is the author of its own profile."""
    return thing if thing._meta.label == "agents.Agent" else None


def _facts(found: Found, verb: str, author: Any) -> dict[str, Any]:
    excerpt = found.text[:LONGEST_EXCERPT].replace("\x00", "")
    return {"author": author, "verb": verb, "field": found.field[:200], "rule": found.rule, "excerpt": excerpt}


# Strikes. What is refused is rolled back, with the transaction of an Idempotency-Key as well: a strike waits for that.

_waiting: ContextVar[list[Finding] | None] = ContextVar("strikes", default=None)


def _note(strike: Strike) -> None:
    logger.info("content_refused", rule=strike.rule, field=strike.field, verb=strike.verb, author=strike.author_id)
    if strike.author_id is None:
        return
    waiting = _waiting.get()
    if waiting is None:
        strike.save()
    else:
        waiting.append(strike)


@contextmanager
def strikes_kept() -> Iterator[None]:
    """What is refused inside is noted at its end, whatever was rolled back by then."""
    strikes: list[Finding] = []
    token = _waiting.set(strikes)
    try:
        yield
    finally:
        _waiting.reset(token)
        for strike in strikes:
            strike.save()


# What operators say


@transaction.atomic
def decide(*, flag: Flag, actor: Any, status: Flag.Status) -> Flag:
    """An operator says that what was found is harmless, or hides the text; what was said before can be said anew."""
    # The thing before its flags, as a verb that rewrites it locks them.
    thing = apps.get_model(flag.kind)._base_manager.select_for_update().filter(pk=flag.thing).first()
    flag = Flag.objects.select_for_update().get(pk=flag.pk)
    flag.status, flag.decided_by = status, actor
    flag.save(update_fields=["status", "decided_by"])
    Flag.objects.filter(pk=flag.pk).update(decided_at=Now())
    flag.refresh_from_db(fields=["decided_at"])
    if thing is not None:
        _apply(thing)
    return flag


@transaction.atomic
def hide_reported(*, kind: str, id: UUID, author: Any, actor: Any) -> Flag:
    """An operator hides the texts of a thing in which no rule found anything; the flag is in the queue of flags, where
    it can be dismissed. Raises NotFound."""
    if not apps.get_model(kind)._base_manager.filter(pk=id).exists():
        raise NotFound("What was reported is gone.")
    facts = {"author": author, "verb": "report"}
    flag, _ = Flag.objects.get_or_create(thing=id, kind=kind, field="", rule=REPORTED, defaults=facts)
    return decide(flag=flag, actor=actor, status=Flag.Status.HIDDEN)


def _apply(thing: Model) -> None:
    """What was decided about its texts, whichever of its flags that was."""
    if flags_on(thing).filter(status=Flag.Status.HIDDEN).exists():
        hide(thing)
    else:
        show(thing)
