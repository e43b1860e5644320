"""Reads of programs and what they may do."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from agents.models import Agent
from agents.oauth.models import Client, DeviceRequest, Login, RefreshToken
from agents.oauth.problems import InvalidClient
from marketplace.errors import NotFound


def find_client(identifier: str) -> Client:
    """The program of that `client_id`. Raises InvalidClient."""
    try:
        return Client.objects.get(pk=UUID(identifier))
    except (ValueError, Client.DoesNotExist) as error:
        raise InvalidClient() from error


def pending_request(user_code: str, *, for_update: bool = False) -> DeviceRequest:
    """The request that waits for an answer, by its code as people type it. Raises NotFound."""
    letters = "".join(character for character in user_code.upper() if character.isalnum())
    requests = DeviceRequest.objects.select_related("client")
    if for_update:
        requests = requests.select_for_update(of=("self",))
    found = requests.filter(
        user_code=f"{letters[:4]}-{letters[4:]}", answer=DeviceRequest.Answer.PENDING, expires_at__gt=Now()
    ).first()
    if found is None:
        raise NotFound("No program waits with that code. Codes expire soon: begin anew in the program.")
    return found


def allowed_requests(actor: Agent) -> QuerySet[DeviceRequest]:
    """Those that the person said yes to and whose programs have not fetched their tokens yet, newest first."""
    requests = DeviceRequest.objects.select_related("client").filter(user=actor.user_id, expires_at__gt=Now())
    return requests.filter(answer=DeviceRequest.Answer.ALLOWED).order_by("-created_at", "-id")


def live_logins(identifiers: Collection[UUID]) -> list[Login]:
    """Those logins that still stand, of people whose account does."""
    if not identifiers:
        return []
    logins = Login.objects.select_related("user__agent")
    return list(logins.filter(pk__in=list(identifiers), revoked_at=None, user__is_active=True))


def logins_of(actor: Agent) -> QuerySet[Login]:
    """Programs that may act for the person now, newest first."""
    tokens = RefreshToken.objects.filter(login=OuterRef("pk"), used_at=None, expires_at__gt=Now())
    logins = Login.objects.select_related("client", "user__agent").filter(user=actor.user_id, revoked_at=None)
    return logins.filter(Q(Exists(tokens))).order_by("-created_at", "-id")
