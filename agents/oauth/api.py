"""The browser login of command lines over HTTP (WIRE 1.2), and who the caller is."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from agents.models import Agent
from agents.oauth import problems, services
from agents.oauth.models import Client
from agents.oauth.parsers import FormBodyParser
from agents.oauth.queries import find_client
from agents.oauth.serializers import (
    DEVICE_CODE,
    REFRESH_TOKEN,
    ClientRequest,
    DeviceAuthorizationRequest,
    DeviceAuthorizationSerializer,
    PersonSerializer,
    ProgramSerializer,
    TokenRequest,
    TokenSerializer,
)
from marketplace.api.parsers import LenientJSONParser
from marketplace.api.problems import camel_case, problem_of
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.errors import FieldError, Invalid, MarketError
from marketplace.screening.services import Prohibited


class OauthViewSet(ApiViewSet):
    """How a program comes to act for a person. Answers are bare JSON, as the RFCs have it, without an envelope."""

    tag = "oauth"
    bare = True
    queryset = Client.objects.all()
    parser_classes = [LenientJSONParser, FormBodyParser]
    renderer_classes = [JSONRenderer]
    request_serializers = {
        "register": ClientRequest,
        "device_authorization": DeviceAuthorizationRequest,
        "token": TokenRequest,
    }
    response_serializers = {
        "register": ProgramSerializer,
        "device_authorization": DeviceAuthorizationSerializer,
        "token": TokenSerializer,
    }
    public_actions = frozenset(request_serializers)
    creating_actions = frozenset({"register"})
    # Of settings.THROTTLES: whoever asks here has no account that could be held to account.
    throttle_scopes = {
        "register": "program_registration",
        "device_authorization": "program_login",
        "token": "program_token",
    }

    @property
    def throttle_scope(self) -> str:  # type: ignore[override]
        return self.throttle_scopes.get(self.action, "")

    def read(self) -> dict[str, Any]:
        """What the program sent. Raises InvalidRequest, in the one word that OAuth has for it."""
        try:
            return super().read()
        except (ValidationError, Invalid) as error:
            problem = problem_of(error)
            assert problem is not None  # every refusal is one
            raise self._invalid(problem.detail, problem.errors) from error

    def _invalid(self, detail: str, errors: Sequence[FieldError]) -> problems.InvalidRequest:
        # OAuth's own words have no camelCase.
        self.sent_names = {camel_case(wrong.field): wrong.field for wrong in errors}
        return problems.InvalidRequest(detail, errors=errors)

    @action(detail=False, methods=["post"])
    def register(self, request: ApiRequest) -> Response:
        """Gives a program its `client_id` (RFC 7591). It needs no secret: the person decides what it may do."""
        try:
            return self.reply(services.register_client(**self.read()))
        except Prohibited as refusal:
            raise self._invalid(refusal.detail, refusal.errors) from refusal

    @action(detail=False, methods=["post"])
    def device_authorization(self, request: ApiRequest) -> Response:
        """Begins a login: show the person `verification_uri` and `user_code`, then poll the token endpoint."""
        values = self.read()
        client = find_client(values["client_id"])
        asked, device_code = services.request_device(client=client, scope=values.get("scope", ""))
        address = settings.SITE_URL + reverse("device")
        answer = {
            "device_code": device_code,
            "user_code": asked.user_code,
            "verification_uri": address,
            "verification_uri_complete": f"{address}?user_code={asked.user_code}",
            "expires_in": settings.DEVICE_CODE_SECONDS,
            "interval": asked.seconds_between_polls,
        }
        return self.reply(answer)

    @action(detail=False, methods=["post"])
    def token(self, request: ApiRequest) -> Response:
        """Tokens for a confirmed device code or for a refresh token, which is good once.

        Refusals carry `error`: authorization_pending, slow_down, access_denied, expired_token, invalid_grant,
        invalid_client, unsupported_grant_type or invalid_request.
        """
        values = self.read()
        tokens = self._exchange(**values)
        answer = {"token_type": "Bearer", "expires_in": settings.ACCESS_TOKEN_SECONDS, **vars(tokens)}
        return self.reply(answer)

    def _exchange(
        self, grant_type: str, client_id: str = "", device_code: str = "", refresh_token: str = ""
    ) -> services.Tokens:
        match grant_type:
            case str() if grant_type == DEVICE_CODE:
                if not device_code or not client_id:
                    raise problems.InvalidRequest("Send client_id and device_code.")
                return services.exchange_device_code(client=find_client(client_id), device_code=device_code)
            case str() if grant_type == REFRESH_TOKEN:
                if not refresh_token:
                    raise problems.InvalidRequest("Send refresh_token.")
                client = find_client(client_id) if client_id else None
                return services.exchange_refresh_token(client=client, refresh_token=refresh_token)
        raise problems.UnsupportedGrantType()


class GoogleNotConfigured(MarketError):
    status, code, title = 501, "GOOGLE_NOT_CONFIGURED", "No login with Google here"
    detail = (
        "Logging in with Google is not set up on this site; use an e-mail address and a password at /account/login/."
    )


class AuthViewSet(ApiViewSet):
    """Who the caller is, and other ways to log in."""

    tag = "auth"
    queryset = Agent.objects.all()
    serializer_class = PersonSerializer
    public_actions = frozenset({"google"})
    redirecting_actions = frozenset({"google"})
    failures = {"google": ("501",)}

    @action(detail=False)
    def me(self, request: ApiRequest) -> Response:
        """The person that the session or the access token stands for, or the agent of the key."""
        return self.reply(request.actor)

    @action(detail=False)
    def google(self, request: ApiRequest) -> HttpResponse:
        """Leads a browser to the login with Google, where that is set up."""
        if not settings.GOOGLE_LOGIN:
            raise GoogleNotConfigured()
        return HttpResponseRedirect(reverse("google_login"))
