"""A program's access token as a way into the API: it stands for the person, as the session cookie would (WIRE 1.1)."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from agents.models import User
from agents.oauth.models import Login
from agents.oauth.queries import live_logins
from agents.oauth.tokens import login_in

LAST_USED_PRECISION = timedelta(minutes=1)


class AccessTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <JSON Web Token>`. No browser sends it by itself, so it needs no Origin.

    What is not shaped like one is left to the API keys.
    """

    def authenticate(self, request: Request) -> tuple[User, Login] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or token.count(".") != 2:
            return None
        if request.headers.get("X-Api-Key", token).strip() != token:
            raise exceptions.AuthenticationFailed("X-Api-Key and Authorization carry different keys.")
        identifier = login_in(token)
        logins = live_logins([identifier]) if identifier else []
        if not logins:
            raise exceptions.AuthenticationFailed("The access token is unknown, expired or revoked.")
        [login] = logins
        if request.method not in permissions.SAFE_METHODS and login.only_reads:
            raise exceptions.PermissionDenied(
                f"This program was let in to read only ({login.scope}); a change needs a scope that ends in :write."
            )
        _note_use(login)
        return login.user, login

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Guildhall"'


def _note_use(login: Login) -> None:
    if login.last_used_at is None or login.last_used_at < timezone.now() - LAST_USED_PRECISION:
        Login.objects.filter(pk=login.pk).update(last_used_at=Now())
