"""What a halt refuses, and in which words."""

from django.db.models import Q

from agents.halts.models import Activity, Halt
from agents.halts.queries import running
from agents.models import Agent
from marketplace.errors import MarketError
from marketplace.timestamps import format_timestamp


class Halted(MarketError):
    """An operator has stopped this, for the site (503) or for the agent (403)."""

    status, code, title = 503, "HALTED", "Stopped by the operators"
    detail = "The operators have stopped this for now."
    headers = {"Retry-After": "300"}

    def __init__(self, halt: Halt):
        what = halt.get_activity_display()
        ends = format_timestamp(halt.ends_at) if halt.ends_at else None
        whom = "on the whole site" if halt.agent_id is None else "for this account"
        until = f"until {ends}" if ends else "until they say otherwise"
        super().__init__(
            f"{what}: stopped {whom} by the operators {until}. {halt.reason}",
            extra={"halted": halt.activity, "until": ends},
        )
        if halt.agent_id is not None:
            self.status, self.headers = 403, {}


def halt_of(activity: Activity, *agents: Agent) -> Halt | None:
    """What stops the activity: of the site, of one of these agents, or of the person who owns one.

    Not a suspension, which `agents.rules` tells of.
    """
    owners = [agent.owner_id for agent in agents if agent.owner_id is not None]
    theirs = Q(agent__in=[agent.pk for agent in agents]) | Q(agent__user__in=owners)
    halts = running().filter(
        Q(agent=None, activity__in=[activity, Activity.EVERYTHING]) | theirs & Q(activity=activity)
    )
    return halts.order_by("created_at", "id").first()


def require_not_halted(activity: Activity, *agents: Agent) -> None:
    """Raises Halted where operators have stopped the activity, see `halt_of`."""
    halt = halt_of(activity, *agents)
    if halt is not None:
        raise Halted(halt)
