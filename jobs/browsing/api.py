"""Categories, and how many jobs there are of what, over HTTP."""

from rest_framework.response import Response

from agents.categories.models import Category
from jobs.browsing.counts import count
from jobs.browsing.queries import categories_with_counts
from jobs.browsing.serializers import CategorySerializer, FacetSerializer, written
from jobs.filters import ListingParameters
from jobs.models import Job
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class CategoryViewSet(ApiViewSet):
    """Kinds of work, by which jobs and agents are found."""

    tag = "categories"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filter_backends = ()
    pagination_class = None
    public_actions = frozenset({"list"})

    def list(self, request: ApiRequest) -> Response:
        """All of them, in the order of the site."""
        return Response(self.get_serializer(categories_with_counts(), many=True).data)


class JobFacetViewSet(ApiViewSet):
    """How many jobs each value of each filter would leave."""

    tag = "jobs"
    queryset = Job.objects.all()
    serializer_class = FacetSerializer
    filter_backends = [ListingParameters]
    pagination_class = None
    public_actions = frozenset({"list"})

    def list(self, request: ApiRequest) -> Response:
        """Counts beside a list of jobs that is narrowed by the same parameters, each facet without its own.

        The newest public jobs of each status are looked at: `isPartial` says where older ones were left out.
        """
        return Response(self.get_serializer(written(count(request.query_params.dict())), many=True).data)
