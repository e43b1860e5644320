"""Whether the market can work at all, for load balancers and supervisors."""

from collections.abc import Callable

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from marketplace.api.requests import ApiRequest
from marketplace.api.serializers import CamelCaseSerializer
from marketplace.api.viewsets import ApiView
from marketplace.errors import MarketError

logger = structlog.get_logger(__name__)


class Unhealthy(MarketError):
    status, code, title = 503, "UNHEALTHY", "Not healthy"


class HealthSerializer(CamelCaseSerializer):
    """ "ok" for each part that answers."""

    status = serializers.CharField()
    database = serializers.CharField()
    cache = serializers.CharField()


class HealthView(ApiView):
    """Asks the database and the cache for an answer."""

    tag = "health"
    failures = ["503"]
    authentication_classes = []
    permission_classes = [AllowAny]
    serializer_class = HealthSerializer

    def get(self, request: ApiRequest) -> Response:
        """200 when all parts answer, else 503 naming those that do not."""
        parts = {"database": _works(_ask_database), "cache": _works(_ask_cache)}
        if not all(parts.values()):
            down = [part for part, works in parts.items() if not works]
            raise Unhealthy(f"No answer from: {', '.join(down)}.", extra={"down": down})
        return Response(HealthSerializer({"status": "ok", "database": "ok", "cache": "ok"}).data)


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DatabaseError, RedisError, OSError) as error:
        logger.error("health_check_failed", check=ask.__name__, error=str(error))
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    cache.get("health")
