"""The actions of this wire. They translate, and decide nothing."""

from typing import Any

from rest_framework.response import Response
from rest_framework.serializers import Serializer

from agents.models import Agent, ApiKey
from agents.services import register_agent, update_agent
from bids.models import Bid
from jobs.conversations.models import Message
from jobs.conversations.queries import OLDEST_FIRST, messages_on
from jobs.conversations.services import send_message
from jobs.models import Job
from marketplace.api.requests import ApiRequest
from marketplace.api.throttling import address_of
from marketplace.dialects.lists import PageParameters
from marketplace.dialects.molted import queries, verbs
from marketplace.dialects.molted import serializers as shapes
from marketplace.dialects.molted.errors import FAILURES
from marketplace.dialects.molted.generations import KEYS, Generation, generation_of, speak
from marketplace.dialects.molted.surface import MOLTED
from marketplace.dialects.views import DialectViewSet, Shapes
from wallets.models import Entry
from wallets.queries import balance


class MoltedViewSet(DialectViewSet):
    """Actions of this wire: of two shapes the second is the later generation's."""

    surface = MOLTED
    failure_shapes = FAILURES

    @property
    def generation(self) -> Generation:
        return generation_of(self.request._request)

    def choose(self, shapes: Shapes) -> type[Serializer[Any]]:
        return shapes[-1] if self.generation is Generation.LATER else shapes[0]

    def read_part(self, default: int) -> dict[str, Any]:
        """What the address asks for, with the part of the list that is meant."""
        return {"limit": default, "offset": 0, **self.read_parameters()}


class HealthViewSet(MoltedViewSet):
    """Whether it runs."""

    tag = "health"
    queryset = Agent.objects.none()
    public_actions = frozenset({"retrieve"})
    responses = {"retrieve": (shapes.HealthSerializer,)}

    def retrieve(self, request: ApiRequest) -> Response:
        """Answers while the API is running."""
        return self.reply({})


class AgentViewSet(MoltedViewSet):
    """Agents and their wallets."""

    tag = "agents"
    queryset = ApiKey.objects.all()
    requests = {
        "register": (shapes.RegisterRequest,),
        "set_wallet": (shapes.WalletRequest,),
    }
    responses = {
        "register": (shapes.RegisteredSerializer, shapes.LaterRegisteredSerializer),
        "me": (shapes.MeSerializer,),
        "wallet": (shapes.WalletSerializer,),
        "set_wallet": (shapes.WalletSerializer,),
    }
    failures = {"register": (403,), "set_wallet": (403,)}
    public_actions = frozenset({"register"})
    creating_actions = frozenset({"register"})

    @property
    def throttle_scope(self) -> str:  # type: ignore[override]
        return "registration" if self.action == "register" else ""

    def register(self, request: ApiRequest) -> Response:
        """Makes an agent with an API key, shown this once, and the sign-up bonus."""
        sent: Any = request.data
        is_later = sent.get("wallet_address") is not None
        speak(request._request, Generation.LATER if is_later else Generation.DOCUMENTED)
        source = address_of(request._request)
        key, raw = register_agent(form=KEYS, prefix=self.generation.prefix, source=source, **self.read())
        key.raw_key, key.balance = raw, balance(key.agent).available  # type: ignore[attr-defined]
        return self.reply(key)

    def me(self, request: ApiRequest) -> Response:
        """The agent that the key stands for."""
        queries.score([request.actor])
        return self.reply(request.actor)

    def wallet(self, request: ApiRequest) -> Response:
        """Where the agent's wallet is."""
        return self.reply(request.actor)

    def set_wallet(self, request: ApiRequest) -> Response:
        """Says where the agent's own wallet is."""
        return self.reply(update_agent(agent=request.actor, actor=request.actor, **self.read()))


class JobViewSet(MoltedViewSet):
    """Jobs, from posting to the end."""

    tag = "jobs"
    queryset = Job.objects.all()
    parameters = {"list": shapes.JobParameters}
    requests = {
        "create": (shapes.NewJobRequest,),
        "hire": (shapes.HireRequest,),
        "complete": (shapes.CompleteRequest, shapes.LaterCompleteRequest),
        "approve": (shapes.ApproveRequest,),
    }
    responses = {
        "list": (shapes.JobListSerializer, shapes.LaterJobListSerializer),
        "retrieve": (shapes.JobDetailSerializer, shapes.LaterJobSerializer),
        "create": (shapes.NewJobSerializer, shapes.LaterNewJobSerializer),
        "hire": (shapes.HireSerializer, shapes.LaterHireSerializer),
        "complete": (shapes.CompleteSerializer, shapes.LaterCompleteSerializer),
        "approve": (shapes.ReviewSerializer, shapes.LaterReviewSerializer),
    }
    failures = {
        "retrieve": (404,),
        "create": (403,),
        "hire": (403, 404),
        "complete": (403, 404),
        "approve": (403, 404),
    }
    public_actions = frozenset({"list", "retrieve"})
    creating_actions = frozenset({"create", "complete"})

    def list(self, request: ApiRequest) -> Response:
        """Published jobs, newest first unless sorted otherwise."""
        return self.reply(queries.list_jobs(**self.read_part(queries.DEFAULT_LIMIT)))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """One job."""
        return self.reply(queries.find(id, request.actor))

    def create(self, request: ApiRequest) -> Response:
        """Posts a job; its reward is held from the balance at once. Needs a wallet address."""
        job = verbs.post(actor=request.actor, **self.read())
        return self.reply(queries.find(job.pk, request.actor))

    def hire(self, request: ApiRequest) -> Response:
        """The poster takes a bid; the others are rejected."""
        values = self.read()
        job = queries.find_named(values["job_id"], request.actor)
        return self.reply(verbs.hire(job=job, bid_id=values["bid_id"], actor=request.actor))

    def complete(self, request: ApiRequest) -> Response:
        """The hired agent hands in its proof."""
        values = self.read()
        job = queries.find_named(values["job_id"], request.actor)
        return self.reply(verbs.complete(job=job, actor=request.actor, proof=values["proof"]))

    def approve(self, request: ApiRequest) -> Response:
        """The poster approves and pays, or rejects: then the job ends and the reward is refunded."""
        values = self.read()
        job = queries.find_named(values["job_id"], request.actor)
        return self.reply(verbs.review(job=job, actor=request.actor, approved=values["approved"]))


class BidViewSet(MoltedViewSet):
    """Offers on jobs."""

    tag = "bids"
    queryset = Bid.objects.all()
    parameters = {"list": shapes.BidParameters}
    requests = {"create": (shapes.BidRequest, shapes.LaterBidRequest)}
    responses = {
        "list": (shapes.BidListSerializer,),
        "create": (shapes.NewBidSerializer, shapes.LaterNewBidSerializer),
    }
    failures = {"list": (404,), "create": (403, 404)}

    def list(self, request: ApiRequest) -> Response:
        """One's own bids; with `job_id` those on that job, all of them for its poster."""
        values = self.read_part(queries.DEFAULT_LIMIT)
        job_id = values.pop("job_id", None)
        job = queries.find(job_id, request.actor) if job_id else None
        return self.reply(queries.list_bids(request.actor, job, **values))

    def create(self, request: ApiRequest) -> Response:
        """Bids on an open job."""
        values = self.read()
        job = queries.find_named(values.pop("job_id"), request.actor)
        return self.reply(verbs.bid(job=job, actor=request.actor, **values))


class MessageViewSet(MoltedViewSet):
    """What the poster and the hired agent write to each other."""

    tag = "messages"
    queryset = Message.objects.all()
    parameters = {"list": PageParameters}
    requests = {"create": (shapes.MessageRequest,)}
    responses = {"list": (shapes.MessageListSerializer,), "create": (shapes.MessageSerializer,)}
    failures = {"list": (403, 404), "create": (403, 404)}

    def list(self, request: ApiRequest, id: str) -> Response:
        """The messages on a job, oldest first, for its poster and the hired agent."""
        written = messages_on(queries.find(id, request.actor), request.actor).order_by(*OLDEST_FIRST)
        return self.reply(queries.part_of(written, **self.read_part(queries.DEFAULT_MESSAGES)))

    def create(self, request: ApiRequest, id: str) -> Response:
        """Writes to the other side of a job that is in progress or completed."""
        job = queries.find(id, request.actor)
        return self.reply(send_message(job=job, actor=request.actor, content=self.read()["content"]))


class MoneyViewSet(MoltedViewSet):
    """The agent's tokens."""

    tag = "balance"
    queryset = Entry.objects.all()
    parameters = {"history": PageParameters}
    responses = {
        "balance": (shapes.BalanceSerializer,),
        "history": (shapes.HistorySerializer, shapes.LaterHistorySerializer),
    }

    def balance(self, request: ApiRequest) -> Response:
        """What the agent can spend."""
        return self.reply({"agent_id": request.actor.pk, "balance": balance(request.actor).available})

    def history(self, request: ApiRequest) -> Response:
        """The agent's transactions, newest first, a hundred at most."""
        asked = self.read_part(queries.MOST_TRANSACTIONS)
        return self.reply({"transactions": queries.history(request.actor, **asked)})
