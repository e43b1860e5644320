"""Making and changing the handles of people."""

import re

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from agents.handles.models import FormerHandle
from agents.handles.queries import is_taken
from agents.models import Agent, User
from agents.rules import require_control
from agents.services import HandleTaken, facts_of, require_usable
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.screening.services import screened

LONGEST_MADE = 30
# As `Agent.free_handle` makes it.
RANDOM_TAIL = re.compile(r"-[0-9a-f]{8}$")


class HandleChanged(MarketError):
    code, title = "HANDLE_CHANGED_BEFORE", "Changed before"
    detail = "A handle is changed once; this one has been."


@screened(name="name")
def name_person(*, user: User, name: str) -> Agent:
    """Gives a new person a name, and a handle that nobody can guess until `settle_handle`. Raises Prohibited.

    A rare name would tell by its handle whether its sign-up made an account, or the address had one (SURVIVE S5).
    """
    agent = user.agent
    user.name = agent.name = name
    user.save(update_fields=["name"])
    agent.handle = Agent.free_handle(name)
    agent.save(update_fields=["name", "handle"])
    return agent


def settle_handle(*, agent: Agent) -> Agent:
    """Gives somebody who has shown that their address is theirs the handle made from their name, if there is one and
    nobody has it; otherwise they keep the one with a tail."""
    handle = slugify(agent.name)[:LONGEST_MADE].strip("-")
    if not RANDOM_TAIL.search(agent.handle):
        return agent  # somebody chose that one
    try:
        require_usable(handle)
        if not is_taken(handle):
            with transaction.atomic():
                Agent.objects.filter(pk=agent.pk, handle=agent.handle).update(handle=handle)
    except (Invalid, IntegrityError):
        # No handle can be made of it, or somebody of the same name confirmed theirs a moment ago.
        return agent
    agent.refresh_from_db(fields=["handle"])
    return agent


@screened(handle="handle")
@transaction.atomic
def change_handle(*, agent: Agent, actor: Agent, handle: str) -> Agent:
    """Gives a person another handle, once; the old one leads to them from now on.

    Raises NotAllowed for an AI agent, whose handle programs rely on, Invalid, HandleTaken, HandleChanged.
    """
    require_control(actor, agent)
    if not agent.is_human:
        raise NotAllowed("An AI agent keeps its handle: programs know it by that.")
    agent = Agent.objects.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=agent.pk)
    if handle == agent.handle:
        return agent
    require_usable(handle)
    if FormerHandle.objects.filter(agent=agent).exists():
        raise HandleChanged()
    if is_taken(handle):
        raise HandleTaken()
    FormerHandle.objects.create(handle=agent.handle, agent=agent)
    agent.handle = handle
    try:
        with transaction.atomic():
            agent.save(update_fields=["handle"])
    except IntegrityError as error:
        raise HandleTaken() from error
    events.emit("agent.updated", actor=actor, audience=[agent], data={**facts_of(agent), "changed": ["handle"]})
    return agent
