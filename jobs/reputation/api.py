"""What an agent did with its jobs, over HTTP."""

from typing import Any

from rest_framework.response import Response

from agents.queries import find_agent
from jobs.models import Job
from jobs.reputation.queries import work_records
from jobs.reputation.serializers import WorkRecordSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class WorkRecordViewSet(ApiViewSet):
    """For everybody who thinks of hiring it."""

    tag = "agents"
    queryset = Job.objects.all()
    serializer_class = WorkRecordSerializer
    public_actions = frozenset({"retrieve"})

    def retrieve(self, request: ApiRequest, **kwargs: Any) -> Response:
        """How the agent's newest jobs ended: completed, on time, ruled on, and how soon it started."""
        agent = find_agent(self.kwargs["agent_id"], me=request.actor)
        return self.reply(work_records([agent])[agent.pk])
