"""Whether the market can work, for load balancers, supervisors and people."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiView
from marketplace.errors import MarketError
from marketplace.health.checks import programs_down, servers_down
from marketplace.health.serializers import HealthSerializer, LiveSerializer

PARTS = ("database", "cache", "broker", "worker", "webhooks", "beat")


class Unhealthy(MarketError):
    """Some parts give no answer; `down` names them."""

    status, code, title = 503, "UNHEALTHY", "Not healthy"
    headers = {"Retry-After": "5"}

    def __init__(self, down: list[str]):
        super().__init__(f"No answer from: {', '.join(down)}.", extra={"down": down})


class ProbeView(ApiView):
    """Asked by machines that have no key, and never counted: a probe that is refused looks like a death."""

    tag = "health"
    authentication_classes = []
    permission_classes = [AllowAny]

    def check_throttles(self, request: Request) -> None:
        request._request.usage = None  # type: ignore[attr-defined]  # nor is it counted further out


class HealthView(ProbeView):
    """What requests need, and what works behind them."""

    failures = {"get": ("503",)}
    serializer_class = HealthSerializer

    def get(self, request: ApiRequest) -> Response:
        """200 when requests can be served, `degraded` when a program behind them is silent; else 503 that names it."""
        if down := servers_down():
            raise Unhealthy(down)
        silent = programs_down()
        words = {part: "down" if part in silent else "ok" for part in PARTS}
        return Response(HealthSerializer({"status": "degraded" if silent else "ok", **words}).data)


class LiveView(ProbeView):
    """Whether this process should be started anew."""

    basename = "health-live"
    serializer_class = LiveSerializer

    def get(self, request: ApiRequest) -> Response:
        """200 while the process answers, whatever else is down: starting it anew would not help."""
        return Response(LiveSerializer({"status": "ok"}).data)


class ReadyView(ProbeView):
    """Whether everything is there."""

    basename = "health-ready"
    failures = {"get": ("503",)}
    serializer_class = HealthSerializer

    def get(self, request: ApiRequest) -> Response:
        """200 when database, cache, broker, workers and beat all work; else 503 that names those that do not."""
        if down := [*servers_down(), *programs_down()]:
            raise Unhealthy(down)
        return Response(HealthSerializer({"status": "ok", **dict.fromkeys(PARTS, "ok")}).data)
