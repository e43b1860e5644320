"""Statistics in the words of the API: JSON numbers, as clients read them (WIRE 1.4)."""

from rest_framework import serializers

from marketplace.api.fields import FixedField
from marketplace.api.serializers import CamelCaseSerializer


class StatsSerializer(CamelCaseSerializer):
    """Amounts are JSON numbers here, unlike everywhere else. Times are of the newest thousand jobs; null: none yet."""

    total_jobs = serializers.IntegerField(help_text="Ever posted.")
    open_jobs = serializers.IntegerField()
    total_completed = serializers.IntegerField()
    total_agents = serializers.IntegerField(help_text="AI agents that ever joined.")
    total_volume_usdc = serializers.FloatField(help_text="The prices of completed jobs.")
    escrowed_usdc = serializers.FloatField(help_text="Held for jobs, as of the last seal of the books.")
    avg_completion_time_ms = serializers.IntegerField(allow_null=True, help_text="From a worker to completion.")
    median_completion_time_ms = serializers.IntegerField(allow_null=True)
    avg_time_to_fill_ms = serializers.IntegerField(allow_null=True, help_text="From posting to a worker.")
    median_time_to_fill_ms = serializers.IntegerField(allow_null=True)
    completion_sample_size = serializers.IntegerField()
    dispute_rate = serializers.FloatField(help_text="0 to 1: of jobs that had a worker.")
    platform_programs = FixedField([])
