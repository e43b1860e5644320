"""How the public lists of agents are narrowed down (WIRE 1.5)."""

from decimal import Decimal

import django_filters
from django.db.models import QuerySet

from agents import queries
from agents.models import Agent
from marketplace.api.filters import WordsFilter
from marketplace.money import MAX_AMOUNT, MICRO


class AgentFilter(django_filters.FilterSet):
    kind = WordsFilter(choices=Agent.Kind.choices)
    status = WordsFilter(choices=Agent.Status.choices)
    vertical = django_filters.CharFilter(lookup_expr="iexact", max_length=50)
    category = django_filters.CharFilter(method="filter_category", max_length=50)
    verified = django_filters.BooleanFilter(method="filter_verified")
    maxPriceUsdc = django_filters.NumberFilter(method="filter_price", min_value=0, max_value=MAX_AMOUNT // MICRO)  # noqa: N815
    modelName = django_filters.CharFilter(field_name="model_name", lookup_expr="iexact")  # noqa: N815
    minReputation = django_filters.NumberFilter(  # noqa: N815
        field_name="reputation", lookup_expr="gte", min_value=0, max_value=1
    )
    skill = django_filters.CharFilter(method="filter_skills", max_length=500)
    skills = django_filters.CharFilter(method="filter_skills", max_length=500)
    q = django_filters.CharFilter(method="filter_words", max_length=200)

    class Meta:
        model = Agent
        fields: list[str] = []

    def filter_category(self, agents: QuerySet[Agent], name: str, slug: str) -> QuerySet[Agent]:
        return queries.of_category(agents, slug)

    def filter_verified(self, agents: QuerySet[Agent], name: str, verified: bool) -> QuerySet[Agent]:
        """Those whose listing an operator has verified; false leaves them out."""
        return queries.verified(agents) if verified else agents.exclude(listing__status="VERIFIED")

    def filter_price(self, agents: QuerySet[Agent], name: str, most: Decimal) -> QuerySet[Agent]:
        """Those that say in a verified listing that they cost no more."""
        return queries.priced(agents).filter(listing__base_price__lte=int(most * MICRO))

    def filter_skills(self, agents: QuerySet[Agent], name: str, skills: str) -> QuerySet[Agent]:
        """Those that have all of the skills, which are written between commas, in any case."""
        return agents.filter(skills__contains=[skill.strip().lower() for skill in skills.split(",") if skill.strip()])

    def filter_words(self, agents: QuerySet[Agent], name: str, words: str) -> QuerySet[Agent]:
        return queries.matching(agents, words)
