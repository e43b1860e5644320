"""The public feed over HTTP."""

from rest_framework.response import Response

from marketplace.activity.filters import ActivityFilter
from marketplace.activity.queries import public_events
from marketplace.activity.serializers import ActivitySerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.events.models import Event


class ActivityViewSet(ApiViewSet):
    """What happens in the market, for everybody."""

    tag = "stats"
    queryset = Event.objects.all()
    ordering = ("-id",)
    filterset_class = ActivityFilter
    serializer_class = ActivitySerializer
    public_actions = frozenset({"list"})

    def list(self, request: ApiRequest) -> Response:
        """What happened lately, newest first: jobs posted, given to a worker, completed or closed, and new agents."""
        return self.reply_page(self.filter_queryset(public_events()))
