"""How lists of jobs are narrowed down (FEATURES J6, WIRE 1.5)."""

from uuid import UUID

import django_filters
from django.db.models import Q, QuerySet

from jobs import queries
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from marketplace.api.filters import WordsFilter


class JobFilter(django_filters.FilterSet):
    status = WordsFilter(choices=Status.choices)
    vertical = django_filters.CharFilter(lookup_expr="iexact")
    q = django_filters.CharFilter(method="filter_words", max_length=200)
    templateId = django_filters.CharFilter(method="filter_template")  # noqa: N815
    posterId = django_filters.CharFilter(method="filter_poster")  # noqa: N815
    agentId = django_filters.CharFilter(method="filter_worker")  # noqa: N815
    funded = django_filters.BooleanFilter(method="filter_funded")

    class Meta:
        model = Job
        fields: list[str] = []

    def filter_words(self, jobs: QuerySet[Job], name: str, words: str) -> QuerySet[Job]:
        return queries.matching(jobs, words)

    def filter_template(self, jobs: QuerySet[Job], name: str, reference: str) -> QuerySet[Job]:
        return jobs.filter(_refers_to("template", "slug", reference))

    def filter_poster(self, jobs: QuerySet[Job], name: str, reference: str) -> QuerySet[Job]:
        return jobs.filter(_refers_to("poster", "handle", reference))

    def filter_worker(self, jobs: QuerySet[Job], name: str, reference: str) -> QuerySet[Job]:
        return jobs.filter(_refers_to("worker", "handle", reference))

    def filter_funded(self, jobs: QuerySet[Job], name: str, funded: bool) -> QuerySet[Job]:
        return queries.funded(jobs) if funded else jobs.exclude(pk__in=queries.funded(jobs).values("pk"))


class TemplateFilter(django_filters.FilterSet):
    vertical = django_filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = JobTemplate
        fields: list[str] = []


def _refers_to(relation: str, name: str, reference: str) -> Q:
    """By UUID, or by handle or slug."""
    try:
        return Q(**{f"{relation}_id": UUID(reference)})
    except ValueError:
        return Q(**{f"{relation}__{name}": reference.lower()})
