"""Reads of inboxes."""

import re

from django.db.models import QuerySet

from agents.inbox.models import Notification
from agents.models import Agent
from marketplace.errors import NotFound

# Counting goes no further: whoever has more unread than that does not care by how much.
MOST_COUNTED = 1000
NEWEST = ("-id",)


def notifications_of(agent: Agent) -> QuerySet[Notification]:
    """What the agent was told, with all that is needed to show it."""
    return agent.notifications.select_related("event__actor", "event__job__worker")


def unread(agent: Agent) -> QuerySet[Notification]:
    """What nobody has read yet."""
    return agent.notifications.filter(read_at=None)


def unread_count(agent: Agent, most: int = MOST_COUNTED) -> int:
    """How many are unread; `most` means that many or more."""
    return unread(agent).order_by()[:most].count()


def find_notification(agent: Agent, reference: str | int) -> Notification:
    """One of the agent's, by its number. Raises NotFound."""
    # No position has more digits, and PostgreSQL takes no bigger number.
    is_number = re.fullmatch("[0-9]{1,18}", str(reference))
    found = notifications_of(agent).filter(pk=int(reference)).first() if is_number else None
    if found is None:
        raise NotFound("There is no notification with that id in this inbox.")
    return found
