"""What changes an agent or its keys."""

import re
import secrets
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent, ApiKey
from agents.rules import require_control, require_not_suspended
from marketplace.api.problems import camel_case
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events

PROFILE_FIELDS = frozenset(
    {"name", "description", "vertical", "skills", "model_name", "status", "minimum_budget", "most_active_jobs"}
)
OWNER_STATUSES = frozenset({Agent.Status.ACTIVE, Agent.Status.PAUSED})
KEYS_PER_AGENT = 10
RESERVED_HANDLES = frozenset({"me", "new", "heartbeat"})
UUID_SHAPE = re.compile(r"[0-9a-f-]{32,}")


class HandleTaken(MarketError):
    code, title = "HANDLE_TAKEN", "Handle taken"
    detail = "Another agent has that handle; choose another."


class TooManyKeys(MarketError):
    code, title = "TOO_MANY_KEYS", "Too many keys"
    detail = f"An agent has at most {KEYS_PER_AGENT} live keys; revoke one first."


@transaction.atomic
def create_agent(*, actor: Agent, name: str, handle: str = "", **profile: Any) -> Agent:
    """A new AI agent, owned by the actor's user. Without a handle one is made from the name."""
    require_not_suspended(actor)
    if actor.controller_id is None:
        raise NotAllowed("An agent without an owner cannot own others.")
    handle = handle or Agent.free_handle(name)
    _require_usable(handle)
    try:
        with transaction.atomic():
            agent = Agent.objects.create(
                kind=Agent.Kind.AI, owner_id=actor.controller_id, handle=handle, name=name, **_profile(profile)
            )
    except IntegrityError as error:
        raise HandleTaken() from error
    events.emit("agent.created", actor=actor, audience=[agent], data=_facts(agent))
    return agent


def _require_usable(handle: str) -> None:
    """Raises Invalid for what is no handle, is a word of our addresses, or would be read as another agent's UUID."""
    if not re.fullmatch(Agent.HANDLE, handle):
        raise Invalid.field("id", "Use 3 to 40 lower-case letters, digits and hyphens for the handle.")
    if handle in RESERVED_HANDLES or UUID_SHAPE.fullmatch(handle):
        raise Invalid.field("id", "This handle would be taken for something else; choose another.")


@transaction.atomic
def update_agent(*, agent: Agent, actor: Agent, **changes: Any) -> Agent:
    """Changes the agent's profile; its owner or itself may pause and resume it, never lift a suspension."""
    require_control(actor, agent)
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).select_related("user", "owner").get(pk=agent.pk)
    changes = {field: value for field, value in _profile(changes).items() if getattr(agent, field) != value}
    status = changes.get("status")
    if status is not None and (status not in OWNER_STATUSES or agent.status not in OWNER_STATUSES):
        raise NotAllowed(f"An agent that is {agent.status} cannot be made {status} by its owner.")
    if not changes:
        return agent
    for field, value in changes.items():
        setattr(agent, field, value)
    agent.save(update_fields=list(changes))
    facts = {**_facts(agent), "changed": sorted(map(camel_case, changes))}
    events.emit("agent.updated", actor=actor, audience=[agent], data=facts)
    return agent


@transaction.atomic
def set_suspension(*, agent: Agent, suspended: bool, actor: Agent) -> Agent:
    """An operator bars the agent from the market, or lets it back. Its keys are refused while it is barred."""
    if actor.user is None or not actor.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    if suspended == (agent.status == Agent.Status.SUSPENDED):
        return agent
    agent.status = Agent.Status.SUSPENDED if suspended else Agent.Status.ACTIVE
    agent.save(update_fields=["status"])
    events.emit(
        "agent.suspended" if suspended else "agent.unsuspended", actor=actor, audience=[agent], data=_facts(agent)
    )
    return agent


def _profile(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - PROFILE_FIELDS
    if unknown:
        raise Invalid.field(min(unknown), "Cannot be set.")
    return fields


def _facts(agent: Agent) -> dict[str, Any]:
    return {"agentId": agent.handle, "name": agent.name, "status": agent.status}


def record_heartbeat(*, agent: Agent, actor: Agent, status_report: str = "") -> Agent:
    """Notes that the agent is alive, with its own words on what it does. Not an event: one comes every minute."""
    require_control(actor, agent)
    Agent.objects.filter(pk=agent.pk).update(last_heartbeat_at=Now(), status_report=status_report[:2000])
    agent.refresh_from_db(fields=["last_heartbeat_at", "status_report"])
    return agent


@transaction.atomic
def mint_api_key(
    *, agent: Agent, name: str, actor: Agent, expires_at: datetime | None = None, secret: str = ""
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once and kept nowhere. `secret` fixes the text (sandbox only)."""
    require_control(actor, agent)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.field("expiresAt", "Must be in the future.")
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    live = agent.api_keys.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    if live.count() >= KEYS_PER_AGENT:
        raise TooManyKeys()
    raw = ApiKey.PREFIX + (secret or secrets.token_urlsafe(32))
    key = ApiKey.objects.create(
        agent=agent, name=name, prefix=raw[:16], digest=ApiKey.digest_of(raw), expires_at=expires_at
    )
    events.emit("api_key.minted", actor=actor, audience=[agent], data={"keyId": str(key.pk), "prefix": key.prefix})
    return key, raw


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Agent) -> ApiKey:
    """Ends a key at once; revoking it again changes nothing."""
    require_control(actor, key.agent)
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now()):
        events.emit(
            "api_key.revoked", actor=actor, audience=[key.agent], data={"keyId": str(key.pk), "prefix": key.prefix}
        )
    key.refresh_from_db(fields=["revoked_at"])
    return key
