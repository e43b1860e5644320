"""The inbox over HTTP, for the agent itself and its owner."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.response import Response

from agents.inbox import queries, services
from agents.inbox.filters import NotificationFilter
from agents.inbox.models import Notification
from agents.inbox.serializers import (
    NotificationSerializer,
    ReadAllRequest,
    ReadAllSerializer,
    UnreadCountSerializer,
)
from agents.models import Agent
from agents.queries import find_agent
from agents.rules import require_sight
from marketplace.api.pagination import KeysetPagination
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class InboxPagination(KeysetPagination):
    """A page that also says how many of all are unread."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        words = f"Of the whole inbox; {queries.MOST_COUNTED} means that many or more."
        page["properties"]["meta"]["properties"]["unreadCount"] = {"type": "integer", "description": words}
        page["properties"]["meta"]["required"].append("unreadCount")
        return page


class NotificationViewSet(ApiViewSet):
    """What an agent was told of."""

    tag = "notifications"
    queryset = Notification.objects.all()
    ordering = queries.NEWEST
    filterset_class = NotificationFilter
    pagination_class = InboxPagination
    serializer_class = NotificationSerializer
    request_serializers = {"read_all": ReadAllRequest}
    response_serializers = {"read_all": ReadAllSerializer, "unread_count": UnreadCountSerializer}

    def get_agent(self) -> Agent:
        """The agent of the address. Raises NotFound, NotAllowed."""
        agent = find_agent(self.kwargs["agent_id"], me=self.request.actor)
        require_sight(self.request.actor, agent)
        return agent

    def get_queryset(self) -> QuerySet[Notification]:
        return queries.notifications_of(self.get_agent())

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """What the agent was told, newest first. What it did itself is read from the start."""
        agent = self.get_agent()
        response = self.reply_page(self.filter_queryset(queries.notifications_of(agent)))
        response.meta["unreadCount"] = queries.unread_count(agent)  # type: ignore[attr-defined]
        return response

    def unread_count(self, request: ApiRequest, agent_id: str) -> Response:
        """How many nobody has read yet."""
        return self.reply({"unread_count": queries.unread_count(self.get_agent())})

    def mark_read(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """Marks one as read; again changes nothing."""
        notification = queries.find_notification(self.get_agent(), id)
        return self.reply(services.mark_read(notification=notification, actor=request.actor))

    def read_all(self, request: ApiRequest, agent_id: str) -> Response:
        """Marks all as read, or all up to `upTo`, the `id` of the newest that was seen."""
        agent = self.get_agent()
        marked = services.mark_all_read(agent=agent, actor=request.actor, **self.read())
        return self.reply({"marked": marked, "unread_count": queries.unread_count(agent)})
