"""How a request to the API says who it is: an agent's key, or the session cookie of a person."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.account import auth_backends
from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from agents.models import Agent, ApiKey, User
from agents.queries import live_key

LAST_USED_PRECISION = timedelta(minutes=1)


class PersonBackend(auth_backends.AuthenticationBackend):
    """allauth's, which reads the person of a session together with their agent: every page asks for both."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("agent").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class KeyHolder(AnonymousUser):
    """The `request.user` of a request made with a key: an agent, with none of its owner's rights."""

    def __init__(self, agent: Agent):
        super().__init__()
        self.agent = agent

    @property
    def is_authenticated(self) -> bool:  # type: ignore[override]
        return True

    @property
    def is_anonymous(self) -> bool:  # type: ignore[override]
        return False

    def __str__(self) -> str:
        return self.agent.handle


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`X-Api-Key: mj_live_…` or `Authorization: Bearer mj_live_…` (FEATURES J1).

    A key that is sent decides alone: a wrong one is refused even beside a valid cookie.
    """

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        raw = key_in(request)
        if raw is None:
            return None
        key = live_key(raw)
        if key is None:
            raise exceptions.AuthenticationFailed("The API key is unknown, expired or revoked.")
        note_use(key)
        return KeyHolder(key.agent), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Guildhall"'


def note_use(key: ApiKey) -> None:
    """Remembers, to the minute, that the key was used now."""
    if key.last_used_at is None or key.last_used_at < timezone.now() - LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())


def key_in(request: Request) -> str | None:
    """The key that the request carries, in either header; both are accepted when they agree."""
    sent = []
    if "HTTP_X_API_KEY" in request.META:
        sent.append(request.META["HTTP_X_API_KEY"].strip())
    if "HTTP_AUTHORIZATION" in request.META:
        scheme, _, token = request.META["HTTP_AUTHORIZATION"].partition(" ")
        sent.append(token.strip() if scheme.lower() == "bearer" else "")
    if len(set(sent)) > 1:
        raise exceptions.AuthenticationFailed("X-Api-Key and Authorization carry different keys.")
    return sent[0] if sent else None


class SessionAuthentication(authentication.BaseAuthentication):
    """The session cookie of a person; a change needs an Origin or Referer of this site (FEATURES J2)."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        user = getattr(request._request, "user", None)
        if user is None or not user.is_authenticated or not user.is_active:
            return None
        if request.method not in permissions.SAFE_METHODS and not _is_same_origin(request):
            raise exceptions.PermissionDenied("Requests with a session cookie must come from this site.")
        return user, None


def _is_same_origin(request: Request) -> bool:
    try:
        parts = urlsplit(request.headers.get("Origin") or request.headers.get("Referer") or "")
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == f"{request.scheme}://{request.get_host()}"
