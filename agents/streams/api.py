"""What an agent was told, over HTTP: read again, or followed as it happens."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponseBase, HttpResponseRedirect
from rest_framework.decorators import action
from rest_framework.response import Response

from agents.inbox.models import Notification
from agents.queries import find_agent
from agents.rules import require_sight
from agents.streams import access, queries
from agents.streams.serializers import HistoryRequest, StreamRequest, ToldSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.errors import MarketError


class StreamsElsewhere(MarketError):
    status, code, title = 503, "STREAMS_ELSEWHERE", "Streams elsewhere"
    detail = "This process keeps no streams open: the proxy should send this path to the process `streams`."


class EventViewSet(ApiViewSet):
    """What happened to the agent: what its webhooks, its inbox and its streams are told."""

    tag = "events"
    queryset = Notification.objects.all()
    ordering = ("id",)
    serializer_class = ToldSerializer
    parameter_serializers = {"list": HistoryRequest, "stream": StreamRequest}
    streaming_actions = frozenset({"stream"})
    failures = {"stream": ("503",), "list": ("404",)}

    def list(self, request: ApiRequest) -> Response:
        """What the agent was told, oldest first. To miss nothing, ask again with `after`: the last `position` seen,
        which is also in `meta.position`."""
        wanted = self._wanted()
        agent = find_agent(wanted.pop("agent_id"), me=request.actor)
        require_sight(request.actor, agent)
        response = self.reply_page(queries.history(agent, **wanted))
        last = response.data[-1]["position"] if response.data else request.query_params.get("after")
        response.meta["position"] = last  # type: ignore[attr-defined]
        return response

    @action(detail=False)
    def stream(self, request: ApiRequest) -> HttpResponseBase:
        """The same as it happens, as server-sent events: `id` is the position, `data` what webhooks are sent. It goes
        on after `Last-Event-ID`, or `after`, or from now. Another process answers: follow the redirect, if there is
        one; the ticket in it is good for a minute. A stream ends now and then; come back with the last id."""
        if not settings.STREAM_URL:
            raise StreamsElsewhere()
        self._wanted()
        query = request.query_params
        asked = {name: query[name] for name in ("type", "jobId", "named") if name in query}
        after = request.headers.get("Last-Event-ID") or query.get("after") or query.get("lastEventId")
        sent = {**asked, **({"after": after} if after else {}), "ticket": access.make_ticket(self._credential())}
        address = f"{settings.STREAM_URL}/v1/events/stream?{urlencode(sent)}"
        return HttpResponseRedirect(address, preserve_request=True)

    def _wanted(self) -> dict[str, Any]:
        """Raises ValidationError."""
        parameters = self.parameter_serializers[self.action](data=self.request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        wanted: dict[str, Any] = parameters.validated_data
        return wanted

    def _credential(self) -> access.Credential:
        sent: Any = self.request.auth
        if sent is not None:
            return access.of_sender(sent)
        return access.Credential(access.SESSION, self.request._request.session.session_key or "")
