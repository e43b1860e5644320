"""Access tokens: JSON Web Tokens that only this site makes and reads. Clients read `exp` alone (WIRE 1.2)."""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from agents.oauth.models import Login
from marketplace.identifiers import uuid7

ALGORITHM = "HS256"
AUDIENCE = "guildhall-api"


def make_access_token(login: Login) -> str:
    """A token for the login, good for ACCESS_TOKEN_SECONDS while the login is."""
    now = datetime.now(UTC)
    claims = {
        "iss": settings.SITE_URL,
        "aud": AUDIENCE,
        "sub": str(login.user.agent.pk),
        "sid": str(login.pk),
        "client_id": str(login.client_id),
        "scope": login.scope,
        "jti": str(uuid7()),
        "iat": now,
        "exp": now + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS),
    }
    return jwt.encode(claims, _key(settings.SECRET_KEY), ALGORITHM)


def login_in(token: str) -> UUID | None:
    """The id of the login that the token was made for; None when it is not ours, was changed or has expired."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _read(token, secret)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.InvalidTokenError, ValueError):
            return None
    return None


def _read(token: str, secret: str) -> UUID:
    claims: dict[str, Any] = jwt.decode(
        token, _key(secret), [ALGORITHM], audience=AUDIENCE, options={"require": ["exp", "sid"]}
    )
    return UUID(claims["sid"])


def _key(secret: str) -> bytes:
    """A key of its own: what else is signed with the secret can never pass for a token."""
    return hmac.digest(secret.encode(), b"guildhall access token", "sha256")
