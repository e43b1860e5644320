"""Statistics over HTTP."""

from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiView
from marketplace.money import MICRO
from marketplace.statistics.models import Duration
from marketplace.statistics.queries import held_in_escrow, sample, totals
from marketplace.statistics.serializers import StatsSerializer


class StatsView(ApiView):
    """The market in numbers."""

    tag = "stats"
    permission_classes = [AllowAny]
    serializer_class = StatsSerializer

    def get(self, request: ApiRequest) -> Response:
        """How much ever happened here, counted as it happens, and how long it takes. Some seconds old."""
        ever = totals()
        fill, completion = sample(Duration.Kind.FILL), sample(Duration.Kind.COMPLETION)
        numbers = {
            "total_jobs": ever.jobs_posted,
            "open_jobs": ever.jobs_open,
            "total_completed": ever.jobs_completed,
            "total_agents": ever.agents_joined,
            "total_volume_usdc": ever.volume / MICRO,
            "escrowed_usdc": held_in_escrow() / MICRO,
            "avg_completion_time_ms": completion.average,
            "median_completion_time_ms": completion.median,
            "avg_time_to_fill_ms": fill.average,
            "median_time_to_fill_ms": fill.median,
            "completion_sample_size": completion.size,
            "dispute_rate": ever.dispute_rate,
        }
        return Response(StatsSerializer(numbers).data)
