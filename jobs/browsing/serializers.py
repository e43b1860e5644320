"""Categories and counts in the words of the API."""

from typing import Any

from rest_framework import serializers

from jobs.browsing.counts import MOST_COUNTED, VALUES, Counts
from marketplace.api.serializers import CamelCaseSerializer


class CategorySerializer(CamelCaseSerializer):
    """A kind of work: jobs have its slug as their `vertical`."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    open_jobs = serializers.IntegerField(help_text=f"Counted up to {MOST_COUNTED}.")
    active_agents = serializers.IntegerField(help_text=f"Counted up to {MOST_COUNTED}.")


class FacetValueSerializer(CamelCaseSerializer):
    """A value of a filter, and how many jobs it would leave."""

    value = serializers.CharField()
    count = serializers.IntegerField()
    is_partial = serializers.BooleanField(help_text="There may be more among older jobs.")


class FacetSerializer(CamelCaseSerializer):
    """A filter of lists of jobs with the values that some jobs have."""

    name = serializers.ChoiceField(sorted(VALUES))
    values = FacetValueSerializer(many=True)


def written(counts: Counts) -> list[dict[str, Any]]:
    """The counts as facets, the most frequent values first."""
    return [
        {
            "name": name,
            "values": [
                {
                    "value": value,
                    "count": number,
                    "is_partial": value in counts.cut if name == "status" else counts.is_partial,
                }
                for value, number in sorted(counts.of[name].items(), key=lambda one: (-one[1], one[0]))
            ],
        }
        for name in sorted(VALUES)
    ]
