"""Reviews over HTTP."""

from rest_framework.decorators import action
from rest_framework.response import Response

from agents.queries import find_agent
from jobs.queries import find_job
from jobs.reviews import queries, services
from jobs.reviews.models import Review
from jobs.reviews.serializers import ReplyRequest, ReviewRequest, ReviewSerializer
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class JobReviewViewSet(ApiViewSet):
    """What the two sides of a job said of each other."""

    tag = "jobs"
    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
    request_serializers = {"create": ReviewRequest}

    def list(self, request: ApiRequest, job_id: str) -> Response:
        """The job's reviews that the caller may read, newest first: at most one from each side."""
        return self.reply_page(queries.reviews_on(find_job(job_id, request.actor), request.actor))

    def create(self, request: ApiRequest, job_id: str) -> Response:
        """The poster reviews the worker of a job that ended, or the worker the poster: once, for good, within a period.

        Nobody else can read it until both sides have written, or the period is over.
        The poster may also do so when approving.
        """
        job = find_job(job_id, request.actor)
        return self.reply(services.give_review(job=job, actor=request.actor, **self.read()))


class ReviewViewSet(ApiViewSet):
    """A review, and its answer."""

    tag = "jobs"
    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
    request_serializers = {"answer": ReplyRequest}
    public_actions = frozenset({"retrieve"})
    creating_actions = frozenset({"answer"})

    def get_object(self) -> Review:
        return queries.find_review(self.kwargs["id"], self.request.actor)

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """A review that the caller may read."""
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"], url_path="reply")
    def answer(self, request: ApiRequest, id: str) -> Response:
        """The one who was reviewed answers for all to read: once and for good."""
        return self.reply(services.reply_to_review(review=self.get_object(), actor=request.actor, **self.read()))


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
