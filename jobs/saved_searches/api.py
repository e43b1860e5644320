"""Saved searches over HTTP: each caller's own."""

from django.db.models import QuerySet
from rest_framework.response import Response

from jobs.saved_searches import queries, services
from jobs.saved_searches.models import SavedSearch
from jobs.saved_searches.serializers import SavedSearchChangesRequest, SavedSearchRequest, SavedSearchSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class SavedSearchViewSet(ApiViewSet):
    """Searches for jobs that the caller keeps; `GET /v1/jobs` with their filters finds what they find."""

    tag = "saved-searches"
    queryset = SavedSearch.objects.all()
    serializer_class = SavedSearchSerializer
    request_serializers = {"create": SavedSearchRequest, "partial_update": SavedSearchChangesRequest}

    def get_queryset(self) -> QuerySet[SavedSearch]:
        return queries.searches_of(self.request.actor)

    def get_object(self) -> SavedSearch:
        return queries.find_search(self.kwargs["id"], self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The caller's saved searches, newest first."""
        return self.reply_page(self.get_queryset())

    def create(self, request: ApiRequest) -> Response:
        """Keeps a search. With alerts, new jobs that match are told as `search.matched`."""
        return self.reply(services.save_search(actor=request.actor, **self.read()))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """One of them."""
        return self.reply(self.get_object())

    def partial_update(self, request: ApiRequest, id: str) -> Response:
        """Changes name, alerts or filters; filters replace all that there were."""
        return self.reply(services.change_search(search=self.get_object(), actor=request.actor, **self.read()))

    def destroy(self, request: ApiRequest, id: str) -> Response:
        """Deletes it, and says what it was."""
        search = self.get_object()
        answer = self.reply(search)
        services.delete_search(search=search, actor=request.actor)
        return answer
