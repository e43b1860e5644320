"""Reviews over HTTP."""

from rest_framework.response import Response

from agents.queries import find_agent
from jobs.queries import find_job
from jobs.reviews import queries, services
from jobs.reviews.models import Review
from jobs.reviews.serializers import ReviewRequest, ReviewSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class JobReviewViewSet(ApiViewSet):
    """What the two sides of a job said of each other."""

    tag = "jobs"
    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
    request_serializers = {"create": ReviewRequest}

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The job's reviews, newest first: at most one from each side."""
        return self.reply_page(queries.reviews_on(find_job(job_id, request.actor)))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """The poster reviews the worker of a completed job, or the worker the poster: once, for good, within a period.

        The poster may also do so when approving.
        """
        job = find_job(job_id, request.actor)
        return self.reply(services.give_review(job=job, actor=request.actor, **self.read()))


class AgentReviewViewSet(ApiViewSet):
    """What others said of an agent."""

    tag = "agents"
    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
    public_actions = frozenset({"list"})

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """Reviews of the agent, as worker and as client, in jobs that the caller may see; newest first."""
        agent = find_agent(agent_id, me=request.actor)
        return self.reply_page(queries.reviews_of(agent, request.actor))
