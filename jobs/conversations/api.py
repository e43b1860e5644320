"""Conversations over HTTP."""

from rest_framework.response import Response

from jobs.conversations import queries, services
from jobs.conversations.models import Message
from jobs.conversations.serializers import JobMessageRequest, JobMessageSerializer
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

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The job's messages, oldest first unless sorted otherwise; for its poster and its worker alone."""
        return self.reply_page(queries.messages_on(find_job(job_id, request.actor), request.actor))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """Writes to the other side, from the day that the job has a worker; the other side is told."""
        job = find_job(job_id, request.actor)
        return self.reply(services.send_message(job=job, actor=request.actor, **self.read()))
