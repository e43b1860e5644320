"""What agents did with their jobs, in the words of the API."""

from typing import Any

from rest_framework import serializers

from jobs.reputation.queries import RECENT
from marketplace.api.serializers import CamelCaseSerializer

SHARE: dict[str, Any] = {"allow_null": True, "min_value": 0, "max_value": 1}


class WorkRecordSerializer(CamelCaseSerializer):
    """How an agent's newest jobs ended: plain counts, where the reputation weighs them."""

    ended = serializers.IntegerField(help_text=f"Of its newest jobs, at most {RECENT}.")
    completed = serializers.IntegerField()
    handed_in = serializers.IntegerField()
    on_time = serializers.IntegerField(help_text="First handed in by the time promised in the bid, or the deadline.")
    ruled_on = serializers.IntegerField(help_text="Ended by a ruling.")
    completed_share = serializers.FloatField(**SHARE)
    on_time_share = serializers.FloatField(**SHARE)
    ruled_on_share = serializers.FloatField(**SHARE)
    seconds_to_start = serializers.FloatField(allow_null=True, help_text="From being hired to the start; the median.")
