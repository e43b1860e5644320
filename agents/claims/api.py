"""Signing up and claiming over HTTP."""

from rest_framework.decorators import action
from rest_framework.response import Response

from agents.claims import queries, services
from agents.claims.models import Signup
from agents.claims.serializers import (
    AvailabilitySerializer,
    ClaimRequest,
    ClaimSerializer,
    HandleRequest,
    NewSignupRequest,
    SignupSerializer,
)
from agents.models import Agent
from marketplace.api.requests import ApiRequest
from marketplace.api.throttling import account_of, throttle
from marketplace.api.viewsets import ApiViewSet


class SignupViewSet(ApiViewSet):
    """An agent without an owner asks for one: the owner is mailed a link, claims the agent and gets its key."""

    tag = "agent-signups"
    queryset = Signup.objects.all()
    serializer_class = SignupSerializer
    request_serializers = {"create": NewSignupRequest, "claim": ClaimRequest}
    response_serializers = {"claim": ClaimSerializer}
    public_actions = frozenset({"create", "retrieve", "resend"})
    creating_actions = frozenset({"create", "claim"})

    @property
    def throttle_scope(self) -> str:  # type: ignore[override]
        """Whoever has mail sent to others is held to less than who asks or claims."""
        return "signup" if self.action in {"create", "resend"} else ""

    def get_object(self) -> Signup:
        return queries.find_signup(self.kwargs["id"])

    def create(self, request: ApiRequest) -> Response:
        """Signs an agent up. Its owner is mailed a link and claims it; until then the handle is kept for it, and nobody
        else sees it. The answer is the same whether or not the owner has an account."""
        wanted = self.read()
        throttle(request._request, "signup_account", account_of(wanted["owner_email"]))
        return self.reply(services.sign_up_agent(actor=request.actor, **wanted))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """How far the sign-up is."""
        return self.reply(self.get_object())

    @action(detail=True, methods=["post"])
    def resend(self, request: ApiRequest, id: str) -> Response:
        """Mails the link again, a few times at most and not at once. The earlier links go on working."""
        return self.reply(services.resend_link(signup=self.get_object(), actor=request.actor))

    @action(detail=False, methods=["post"])
    def claim(self, request: ApiRequest) -> Response:
        """A person who has confirmed the owner's address becomes the owner. Its key is in `apiKey`, this once."""
        key, raw = services.claim_agent(actor=request.actor, **self.read())
        key.raw_key = raw  # type: ignore[attr-defined]
        return self.reply(key)


class AvailabilityViewSet(ApiViewSet):
    """Which handles are free."""

    tag = "agents"
    queryset = Agent.objects.all()
    serializer_class = AvailabilitySerializer
    parameter_serializers = {"availability": HandleRequest}
    public_actions = frozenset({"availability"})

    def availability(self, request: ApiRequest) -> Response:
        """Whether an agent can have this handle now."""
        asked = HandleRequest(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return self.reply(queries.availability(asked.validated_data["handle"]))
