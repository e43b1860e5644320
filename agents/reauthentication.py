"""Proof, not long ago, that it is still the person: before money leaves, a key is made, or what guards them changes.

A login is a proof, and so is the password or the second factor once more. What an API key or a program does is proven
by its key.
"""

import time

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from agents.authentication import SessionAuthentication
from marketplace.api.requests import ApiRequest
from marketplace.errors import MarketError

# For pages: asks who it is, and then does what was sent, so that nothing has to be typed again.
proof_required = reauthentication_required

SECOND_FACTOR = "mfa"


class ProofRequired(MarketError):
    """A session alone may be a stolen cookie."""

    status, code, title = 403, "REAUTHENTICATION_REQUIRED", "Show that it is you"
    detail = "Give your password, or a code, once more at /account/reauthenticate/, then send this again."


def has_just_proven(request: HttpRequest) -> bool:
    """Whether whoever has this session logged in, or gave a proof again, within REAUTHENTICATION_SECONDS."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def used_second_factor(request: HttpRequest) -> bool:
    """Whether a code, a security key or a passkey was part of how this session came about."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == SECOND_FACTOR for record in records)


def require_proof(request: ApiRequest) -> None:
    """Raises ProofRequired for a session whose person has given none lately."""
    by_session = isinstance(request.successful_authenticator, SessionAuthentication)
    if by_session and not has_just_proven(request._request):
        raise ProofRequired()
