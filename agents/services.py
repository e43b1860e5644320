"""What changes an agent or its keys."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone

from agents.handles.models import FormerHandle
from agents.heartbeats.services import note_beat
from agents.keys import NATIVE, KeyForm
from agents.models import Agent, ApiKey
from agents.rules import require_control, require_not_suspended
from agents.skills import tidy_skills
from marketplace.addresses import parse_address
from marketplace.api.problems import camel_case
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.screening.services import screened

# Sent with `agent` and `source` (where from, "" if nobody knows), in the transaction, when one has registered itself:
# whoever equips newcomers does so.
agent_registered = Signal()
# Sent with `agent` and `reason`, while it may still act: offers end with a suspension, agreed deals go on.
agent_barred = Signal()
BARRED = "Ended by the operators, who suspended the account."

PROFILE_FIELDS = frozenset(
    {
        *("name", "description", "vertical", "skills", "model_name", "wallet_address", "status"),
        *("minimum_budget", "most_active_jobs"),
    }
)
OWNER_STATUSES = frozenset({Agent.Status.ACTIVE, Agent.Status.PAUSED})
KEYS_PER_AGENT = 10
RESERVED_HANDLES = frozenset(
    {
        # Words of our addresses, and names that would be taken for the site's own.
        *("me", "new", "heartbeat", "availability", "register", "leaderboard", "api", "docs", "mine", "compare"),
        "favourites",
        *("admin", "guildhall", "operator", "operators", "support"),
    }
)
UUID_SHAPE = re.compile(r"[0-9a-f-]{32,}")


class HandleTaken(MarketError):
    code, title = "HANDLE_TAKEN", "Handle taken"
    detail = "Another agent has that handle; choose another."


class TooManyKeys(MarketError):
    code, title = "TOO_MANY_KEYS", "Too many keys"
    detail = f"An agent has at most {KEYS_PER_AGENT} live keys; revoke one first."


class RegistrationClosed(MarketError):
    status, code, title = 403, "REGISTRATION_CLOSED", "Registration is closed"
    detail = "Agents cannot register themselves on this site; sign one up for its owner to claim."


@screened(
    name="name",
    handle="handle",
    description="description",
    vertical="vertical",
    skills="skills",
    model_name="modelName",
)
@transaction.atomic
def create_agent(*, actor: Agent, name: str, handle: str = "", **profile: Any) -> Agent:
    """A new AI agent, owned by the actor's user. Without a handle one is made from the name."""
    require_not_suspended(actor)
    if actor.controller_id is None:
        raise NotAllowed("An agent without an owner cannot own others.")
    agent = _make(name, handle, profile, owner_id=actor.controller_id)
    events.emit("agent.created", actor=actor, audience=[agent], data=facts_of(agent))
    return agent


@screened(
    thing=lambda done: done[0].agent,
    name="name",
    handle="handle",
    description="description",
    vertical="vertical",
    skills="skills",
    model_name="modelName",
)
@transaction.atomic
def register_agent(
    *, name: str, handle: str = "", form: KeyForm = NATIVE, prefix: str = "", source: str = "", **profile: Any
) -> tuple[ApiKey, str]:
    """An AI agent that registers itself: its first key, with its text. It deals at once and is nobody's, so that its
    earnings stay in the market; `source` is the network address that it comes from. Raises RegistrationClosed,
    Invalid, HandleTaken."""
    if not settings.AGENT_REGISTRATION:
        raise RegistrationClosed()
    agent = _make(name, handle, profile)
    events.emit("agent.created", actor=None, audience=[agent], data=facts_of(agent))
    agent_registered.send(Agent, agent=agent, source=source)
    return mint_api_key(agent=agent, name="registration", actor=agent, form=form, prefix=prefix)


@screened(
    name="name",
    handle="handle",
    description="description",
    vertical="vertical",
    skills="skills",
    model_name="modelName",
)
@transaction.atomic
def reserve_agent(*, name: str, handle: str = "", **profile: Any) -> Agent:
    """An AI agent that nobody owns yet: it has its handle, and is seen by nobody until a person claims it."""
    return _make(name, handle, profile, status=Agent.Status.PENDING_CLAIM)


@transaction.atomic
def give_to_owner(*, agent: Agent, owner: Agent) -> Agent:
    """The person becomes the owner of an agent that waited for one; whether it is theirs is for the caller to know."""
    require_not_suspended(owner)
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    if agent.status != Agent.Status.PENDING_CLAIM:
        raise NotAllowed(f"An agent that is {agent.status} cannot be claimed.")
    agent.owner_id, agent.status = owner.user_id, Agent.Status.ACTIVE
    agent.save(update_fields=["owner", "status"])
    events.emit("agent.claimed", actor=owner, audience=[agent], data=facts_of(agent))
    return agent


def _make(name: str, handle: str, profile: dict[str, Any], **facts: Any) -> Agent:
    """The row of a new AI agent. Raises Invalid, HandleTaken."""
    handle = handle or Agent.free_handle(name)
    require_usable(handle)
    try:
        with transaction.atomic():
            agent = Agent.objects.create(kind=Agent.Kind.AI, handle=handle, name=name, **_profile(profile), **facts)
            # Now: whoever gave the handle up at this moment has let the row in, and left it as a former one.
            if FormerHandle.objects.filter(handle=handle).exists():
                raise HandleTaken()
            return agent
    except IntegrityError as error:
        raise HandleTaken() from error


def require_usable(handle: str) -> None:
    """Raises Invalid for what is no handle, is a word of our addresses, or would be read as another agent's UUID."""
    if not re.fullmatch(Agent.HANDLE, handle):
        raise Invalid.field("handle", "Use 3 to 40 lower-case letters, digits and hyphens for the handle.")
    if handle in RESERVED_HANDLES or UUID_SHAPE.fullmatch(handle):
        raise Invalid.field("handle", "This handle would be taken for something else; choose another.")


@screened(
    name="name",
    handle="handle",
    description="description",
    vertical="vertical",
    skills="skills",
    model_name="modelName",
    rewrites=True,
)
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
    facts = {**facts_of(agent), "changed": sorted(map(camel_case, changes))}
    events.emit("agent.updated", actor=actor, audience=[agent], data=facts)
    return agent


@transaction.atomic
def set_suspension(*, agent: Agent, suspended: bool, actor: Agent) -> Agent:
    """An operator bars the agent from the market, or lets it back. Its keys are refused while it is barred.

    Its open jobs are cancelled and its bids taken back; agreed deals go on, so that nobody who did their part waits for
    somebody who may not act any more.
    """
    if actor.user is None or not actor.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    require_not_suspended(actor)
    return _bar(agent, actor) if suspended else end_suspension(agent=agent, actor=actor)


def _bar(agent: Agent, actor: Agent) -> Agent:
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    if agent.status == Agent.Status.SUSPENDED:
        return agent
    agent_barred.send(Agent, agent=agent, reason=BARRED)
    agent.suspended_from = agent.status
    return _become(agent, Agent.Status.SUSPENDED, "agent.suspended", actor)


@transaction.atomic
def end_suspension(*, agent: Agent, actor: Agent | None) -> Agent:
    """Lets the agent back, to do what it did, by an operator or (None) because the time has come; who may is for the
    caller to know."""
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    if agent.status != Agent.Status.SUSPENDED:
        return agent
    before = Agent.Status(agent.suspended_from or Agent.Status.ACTIVE)
    agent.suspended_from = ""
    return _become(agent, before, "agent.unsuspended", actor)


def _become(agent: Agent, status: Agent.Status, event: str, actor: Agent | None) -> Agent:
    agent.status = status
    agent.save(update_fields=["status", "suspended_from"])
    events.emit(event, actor=actor, audience=[agent], data=facts_of(agent))
    return agent


def _profile(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = fields.keys() - PROFILE_FIELDS
    if unknown:
        raise Invalid.field(min(unknown), "Cannot be set.")
    if address := fields.get("wallet_address"):
        fields = {**fields, "wallet_address": parse_address(address, "wallet_address")}
    if skills := fields.get("skills"):
        fields = {**fields, "skills": tidy_skills(skills)}
    return fields


def facts_of(agent: Agent) -> dict[str, Any]:
    return {"agentId": agent.handle, "name": agent.name, "status": agent.status}


@screened(status_report="statusReport")
def record_heartbeat(*, agent: Agent, actor: Agent, status_report: str = "") -> Agent:
    """Notes that the agent is alive, with its own words on what it does. Not an event: one comes every minute."""
    require_control(actor, agent)
    Agent.objects.filter(pk=agent.pk).update(last_heartbeat_at=Now(), status_report=status_report[:2000])
    note_beat(agent)
    agent.refresh_from_db(fields=["last_heartbeat_at", "status_report"])
    return agent


@transaction.atomic
def mint_api_key(
    *,
    agent: Agent,
    name: str,
    actor: Agent,
    expires_at: datetime | None = None,
    secret: str = "",
    form: KeyForm = NATIVE,
    prefix: str = "",
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown this once and kept nowhere. `secret` fixes the text (sandbox only);
    `form` and `prefix` say how it looks."""
    require_control(actor, agent)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid.field("expiresAt", "Must be in the future.")
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    live = agent.api_keys.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    if live.count() >= KEYS_PER_AGENT:
        raise TooManyKeys()
    raw = form.write(secret, prefix)
    key = ApiKey.objects.create(
        agent=agent, name=name, prefix=form.beginning(raw), digest=ApiKey.digest_of(raw), expires_at=expires_at
    )
    events.emit("api_key.minted", actor=actor, audience=[agent], data={"keyId": str(key.pk), "prefix": key.prefix})
    return key, raw


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Agent) -> ApiKey:
    """Ends a key at once; revoking it again changes nothing."""
    require_control(actor, key.agent)
    return _end_key(key, actor)


@transaction.atomic
def end_leaked_key(*, key: ApiKey, operator: Agent) -> ApiKey:
    """An operator ends a key of somebody else's, which has come into wrong hands; its agent is told."""
    if operator.user is None or not operator.user.is_staff:
        raise NotAllowed("Only an operator may do this.")
    require_not_suspended(operator)
    return _end_key(key, operator)


def _end_key(key: ApiKey, actor: Agent) -> ApiKey:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now()):
        events.emit(
            "api_key.revoked", actor=actor, audience=[key.agent], data={"keyId": str(key.pk), "prefix": key.prefix}
        )
    key.refresh_from_db(fields=["revoked_at"])
    return key
