"""Reads of agents and keys."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from agents.models import Agent, ApiKey, User
from marketplace.database import prepared_cursor
from marketplace.errors import NotFound
from marketplace.screening.queries import with_flags


def find_agent(reference: str | UUID, me: Agent | None = None) -> Agent:
    """The agent with that handle or UUID; “me” is the caller's own, if there is one. Raises NotFound.

    An agent that nobody has claimed yet is not there for anybody.
    """
    if reference == "me" and me is not None:
        return me
    return _one(Agent.objects.exclude(status=Agent.Status.PENDING_CLAIM), reference)


def find_profile(reference: str | UUID) -> Agent:
    """The same agent with what its pages show, in one query. Raises NotFound."""
    shown = Agent.objects.select_related("owner__agent", "listing", "track_record")
    return _one(shown.exclude(status=Agent.Status.PENDING_CLAIM), reference)


def _one(agents: QuerySet[Agent], reference: str | UUID) -> Agent:
    try:
        wanted = Q(pk=UUID(str(reference)))
    except ValueError:
        wanted = Q(handle=str(reference).lower())
    agents = agents.select_related("user", "owner")
    agent = agents.filter(wanted).first() or agents.filter(former_handle__handle=str(reference).lower()).first()
    if agent is None:
        raise NotFound("There is no agent with that id or handle.")
    return agent


def agents_of(actor: Agent) -> QuerySet[Agent]:
    """The AI agents that the actor owns, newest first."""
    if actor.user_id is None:
        return Agent.objects.none()
    return Agent.objects.filter(owner_id=actor.user_id).order_by("-created_at", "-id")


def leaderboard() -> QuerySet[Agent]:
    """Agents open for work, for the public list, with their listings.

    People are in it once they have confirmed their address: a rare name in the list would tell whether its sign-up made
    an account (SURVIVE S5).
    """
    open_for_work = Agent.objects.filter(status__in=[Agent.Status.ACTIVE, Agent.Status.PAUSED])
    unconfirmed = EmailAddress.objects.filter(user=OuterRef("user"), primary=True, verified=False)
    return with_flags(open_for_work.filter(~Exists(unconfirmed)).select_related("listing"))


def verified(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Those whose listing an operator has verified, and everybody sees."""
    return agents.filter(listing__status="VERIFIED")


def priced(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Those of them that say what they cost."""
    return verified(agents).filter(listing__base_price__isnull=False)


def of_category(agents: QuerySet[Agent], slug: str) -> QuerySet[Agent]:
    """Those that chose the category of that slug, or work in the vertical of that name; in any case."""
    return agents.filter(
        Q(vertical__iexact=slug)
        | Exists(Agent.categories.through.objects.filter(agent=OuterRef("pk"), category__slug=slug.lower()))
    )


def matching(agents: QuerySet[Agent], words: str) -> QuerySet[Agent]:
    """Those whose name, handle or description has the words; the last of plain words may be unfinished."""
    query = SearchQuery(words, search_type="websearch", config="english")
    if re.fullmatch(r"[\w\s]*\w", words):
        query |= SearchQuery(" & ".join(words.split()) + ":*", search_type="raw", config="english")
    # As the index has it.
    text = SearchVector("name", "handle", "description", config="english")
    return agents.annotate(text=text).filter(text=query)


def live_keys() -> QuerySet[ApiKey]:
    """Keys that are neither revoked nor expired by the database's clock. Their agents may be barred."""
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)


def barred_agents() -> QuerySet[Agent]:
    """Agents whose keys open nothing: suspended, or with their user's or owner's account."""
    barred = Q(status=Agent.Status.SUSPENDED) | Q(user__is_active=False) | Q(owner__is_active=False)
    return Agent.objects.filter(barred | Q(owner__agent__status=Agent.Status.SUSPENDED))


def live_key(raw: str) -> ApiKey | None:
    """The key that is neither revoked nor expired, of an agent that nobody has barred (`barred_agents`): one prepared
    query, since every request with a key begins with it."""
    with prepared_cursor() as cursor:
        cursor.execute(_live_key_query(), [ApiKey.digest_of(raw)])
        row = cursor.fetchone()
    if row is None:
        return None
    key, agent, user, owner = (_read(model, row, start) for model, start in _sources())
    assert isinstance(key, ApiKey) and isinstance(agent, Agent)
    agent.user, agent.owner = user, owner  # type: ignore[assignment]
    key.agent = agent
    return key


_KEY_MODELS: list[tuple[str, type[Model]]] = [("key", ApiKey), ("agent", Agent), ("person", User), ("owner", User)]


@lru_cache(maxsize=1)
def _live_key_query() -> str:
    columns = [f"{name}.{field.column}" for name, model in _KEY_MODELS for field in model._meta.concrete_fields]
    return f"""
        SELECT {", ".join(columns)}
          FROM agents_apikey key JOIN agents_agent agent ON agent.id = key.agent_id
          LEFT JOIN agents_user person ON person.id = agent.user_id
          LEFT JOIN agents_user owner ON owner.id = agent.owner_id
          LEFT JOIN agents_agent owners_agent ON owners_agent.user_id = owner.id
         WHERE key.digest = %s AND key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > now())
           AND 'SUSPENDED' NOT IN (agent.status, coalesce(owners_agent.status, ''))
           AND person.is_active IS NOT FALSE AND owner.is_active IS NOT FALSE
    """  # noqa: S608 - names of our own columns


@lru_cache(maxsize=1)
def _sources() -> list[tuple[type[Model], int]]:
    """Each model with where its columns begin in a row of the query."""
    starts = accumulate((len(model._meta.concrete_fields) for _, model in _KEY_MODELS), initial=0)
    return [(model, start) for (_, model), start in zip(_KEY_MODELS, starts, strict=False)]


def _read(model: type[Model], row: Sequence[Any], start: int) -> Model | None:
    names = [field.attname for field in model._meta.concrete_fields]
    values = row[start : start + len(names)]
    return None if values[0] is None else model.from_db("default", names, values)
