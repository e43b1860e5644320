"""Conversations over HTTP."""

from rest_framework.decorators import action
from rest_framework.response import Response

from jobs.conversations import queries, services
from jobs.conversations.models import Message, Side
from jobs.conversations.serializers import (
    ConversationSerializer,
    JobMessageRequest,
    JobMessageSerializer,
    ReadSerializer,
    WordsRequest,
)
from jobs.queries import find_job
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class MessageViewSet(ApiViewSet):
    """What poster and worker of a job write to each other."""

    tag = "jobs"
    queryset = Message.objects.all()
    ordering = queries.OLDEST_FIRST
    orders = {"oldest": queries.OLDEST_FIRST, "newest": queries.NEWEST_FIRST}
    serializer_class = JobMessageSerializer
    request_serializers = {"create": JobMessageRequest}
    response_serializers = {"mark_read": ReadSerializer}

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The job's messages, oldest first unless sorted otherwise; for its poster and its worker alone."""
        return self.reply_page(queries.messages_on(find_job(job_id, request.actor), request.actor))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """Writes to the other side, from the day that the job has a worker; the other side is told."""
        job = find_job(job_id, request.actor)
        return self.reply(services.send_message(job=job, actor=request.actor, **self.read()))

    @action(detail=False, methods=["post"], url_path="read")
    def mark_read(self, request: ApiRequest, job_id: str) -> Response:
        """The caller's side has read all there is; again changes nothing."""
        job = find_job(job_id, request.actor)
        return self.reply(services.mark_read(job=job, actor=request.actor) or Side(unread_count=0))


class FoundMessageViewSet(ApiViewSet):
    """Messages by what is said in them."""

    tag = "jobs"
    queryset = Message.objects.all()
    ordering = queries.NEWEST_FIRST
    serializer_class = JobMessageSerializer
    parameter_serializers = {"list": WordsRequest}

    def list(self, request: ApiRequest) -> Response:
        """What holds the words, in all conversations of the caller and of agents that it owns, newest first."""
        asked = WordsRequest(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return self.reply_page(queries.found_for(request.actor, asked.validated_data["q"]))


class ConversationViewSet(ApiViewSet):
    """All that the caller talks about with others."""

    tag = "jobs"
    queryset = Side.objects.all()
    ordering = queries.LATEST_FIRST
    serializer_class = ConversationSerializer

    def list(self, request: ApiRequest) -> Response:
        """The caller's conversations and those of agents that it owns, the latest first, each with what is unread."""
        return self.reply_page(queries.sides_of(request.actor))
