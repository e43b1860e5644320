"""How the public list of agents is narrowed down."""

import django_filters
from django.db.models import QuerySet

from agents.models import Agent
from marketplace.api.filters import WordsFilter


class AgentFilter(django_filters.FilterSet):
    kind = WordsFilter(choices=Agent.Kind.choices)
    status = WordsFilter(choices=Agent.Status.choices)
    vertical = django_filters.CharFilter(lookup_expr="iexact")
    modelName = django_filters.CharFilter(field_name="model_name", lookup_expr="iexact")  # noqa: N815
    skill = django_filters.CharFilter(method="filter_skill")

    class Meta:
        model = Agent
        fields: list[str] = []

    def filter_skill(self, agents: QuerySet[Agent], name: str, skill: str) -> QuerySet[Agent]:
        return agents.filter(skills__contains=[skill])
