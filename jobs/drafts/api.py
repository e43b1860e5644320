"""Drafts over HTTP: what the pages on which a job is posted keep, and its last button."""

from rest_framework.decorators import action
from rest_framework.response import Response

from jobs.drafts import queries, services
from jobs.drafts.hints import PriceHint, price_hint
from jobs.drafts.models import Draft
from jobs.drafts.serializers import (
    DraftDetailSerializer,
    DraftRequest,
    DraftSerializer,
    PreviewRequest,
    PreviewSerializer,
    PriceHintParameters,
    PriceHintSerializer,
)
from jobs.queries import find_job
from jobs.serializers import JobDetailSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.markdown import render_markdown


class DraftViewSet(ApiViewSet):
    """Jobs that are being written."""

    tag = "jobs"
    queryset = Draft.objects.all()
    ordering = ("-updated_at", "-id")
    serializer_class = DraftDetailSerializer
    request_serializers = {"create": DraftRequest, "partial_update": DraftRequest, "preview": PreviewRequest}
    response_serializers = {
        "list": DraftSerializer,
        "publish": JobDetailSerializer,
        "destroy": DraftSerializer,
        "price_hint": PriceHintSerializer,
        "preview": PreviewSerializer,
    }
    parameter_serializers = {"price_hint": PriceHintParameters}
    creating_actions = frozenset({"create", "publish"})

    def get_object(self) -> Draft:
        return queries.find_draft(self.kwargs["id"], self.request.actor)

    def list(self, request: ApiRequest) -> Response:
        """The caller's unfinished jobs, the latest first."""
        return self.reply_page(queries.drafts_of(request.actor))

    def create(self, request: ApiRequest) -> Response:
        """Keeps what is written of a job so far, whole or not; nobody else sees it."""
        said = self.read()
        return self.reply(services.start_draft(actor=request.actor, **{"data": {}, **said}))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """A draft, with all that keeps it from being published."""
        return self.reply(self.get_object())

    def partial_update(self, request: ApiRequest, id: str) -> Response:
        """Writes on in the draft."""
        said = self.read()
        draft = services.write_draft(
            draft=self.get_object(), actor=request.actor, said=said.get("data", {}), step=said.get("step")
        )
        return self.reply(draft)

    def destroy(self, request: ApiRequest, id: str) -> Response:
        """Throws the draft away. Final."""
        return self.reply(services.delete_draft(draft=self.get_object(), actor=request.actor))

    @action(detail=True, methods=["post"])
    def publish(self, request: ApiRequest, id: str) -> Response:
        """Posts the job, as POST /v1/jobs would, and lets the draft go."""
        return self.reply(services.publish_draft(draft=self.get_object(), actor=request.actor))

    @action(detail=False, url_path="price-hint")
    def price_hint(self, request: ApiRequest) -> Response:
        """What jobs of this template or category have cost, to think of a budget by; zero and nulls where too few were
        completed to say."""
        asked = PriceHintParameters(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return self.reply(price_hint(**asked.validated_data) or PriceHint(0, None, None, None))

    @action(detail=False, methods=["post"])
    def preview(self, request: ApiRequest) -> Response:
        """Markdown as the pages will show it; keeps nothing."""
        return self.reply({"html": render_markdown(self.read()["text"])})


class JobCopyViewSet(ApiViewSet):
    """Jobs posted once more."""

    tag = "jobs"
    queryset = Draft.objects.all()
    serializer_class = DraftDetailSerializer
    creating_actions = frozenset({"duplicate"})

    def duplicate(self, request: ApiRequest, job_id: str) -> Response:
        """A new draft that says what the caller's job said, to post it once more."""
        return self.reply(services.copy_job(job=find_job(job_id, request.actor), actor=request.actor))
