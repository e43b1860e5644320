"""How a program comes to act for a person: it asks, they confirm a code, it fetches tokens (RFC 8628, RFC 6749)."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Agent
from agents.oauth import problems
from agents.oauth.models import Client, DeviceRequest, Login, RefreshToken, digest_of
from agents.oauth.queries import pending_request
from agents.oauth.tokens import make_access_token
from agents.rules import require_not_suspended
from marketplace.errors import NotFound
from marketplace.events import services as events
from marketplace.screening.services import screened

# Consonants that look like no other: no word comes of them, and none is misread.
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
SECONDS_BETWEEN_POLLS = 5


@dataclass(frozen=True)
class Tokens:
    """What a program is handed, this once."""

    access_token: str
    refresh_token: str
    scope: str


@screened(name="client_name")
def register_client(*, name: str) -> Client:
    """A program under the name it gives itself. Raises Prohibited."""
    return Client.objects.create(name=name)


def request_device(*, client: Client, scope: str) -> tuple[DeviceRequest, str]:
    """A request with the code that the person confirms, and the secret that the program polls with."""
    device_code = secrets.token_urlsafe(32)
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    asked = DeviceRequest.objects.create(
        client=client,
        scope=scope,
        user_code=f"{letters[:4]}-{letters[4:]}",
        device_digest=digest_of(device_code),
        seconds_between_polls=SECONDS_BETWEEN_POLLS,
        expires_at=timezone.now() + timedelta(seconds=settings.DEVICE_CODE_SECONDS),
    )
    return asked, device_code


@transaction.atomic
def answer_device(*, user_code: str, allow: bool, actor: Agent) -> DeviceRequest:
    """The person says whether the program may act for them. Raises NotFound for a code that waits for no answer."""
    require_not_suspended(actor)
    asked = pending_request(user_code, for_update=True)
    if actor.user is None:
        raise NotFound("Only a person can let a program act for them.")
    asked.answer = DeviceRequest.Answer.ALLOWED if allow else DeviceRequest.Answer.DENIED
    asked.user = actor.user
    asked.save(update_fields=["answer", "user"])
    return asked


def exchange_device_code(*, client: Client, device_code: str) -> Tokens:
    """Tokens once the person has allowed it; the code is good for one exchange. Raises OauthError with what to do.

    A refusal is raised after the transaction: that the program asked too soon must not be forgotten with it.
    """
    with transaction.atomic():
        outcome = _poll(client, device_code)
    if isinstance(outcome, problems.OauthError):
        raise outcome
    return outcome


def _poll(client: Client, device_code: str) -> Tokens | problems.OauthError:
    asked = DeviceRequest.objects.select_for_update(of=("self",)).filter(
        client=client, device_digest=digest_of(device_code)
    )
    request = asked.select_related("user__agent").first()
    if request is None:
        return problems.InvalidGrant()
    if request.expires_at <= timezone.now():
        return problems.ExpiredToken()
    match request.answer:
        case DeviceRequest.Answer.DENIED:
            return problems.AccessDenied()
        case DeviceRequest.Answer.PENDING:
            return _note_poll(request)
    assert request.user is not None  # whoever answered
    login = Login.objects.create(client=client, user=request.user, scope=request.scope)
    request.delete()
    data = {"loginId": str(login.pk), "program": client.name}
    events.emit("program.allowed", actor=request.user.agent, audience=[request.user.agent], data=data)
    return _issue(login)


def _note_poll(request: DeviceRequest) -> problems.OauthError:
    """Too early by the clock: from now on five seconds more (RFC 8628, 3.5)."""
    now, earliest = timezone.now(), timedelta(seconds=request.seconds_between_polls)
    too_soon = request.polled_at is not None and now - request.polled_at < earliest
    request.polled_at = now
    request.seconds_between_polls += 5 if too_soon else 0
    request.save(update_fields=["polled_at", "seconds_between_polls"])
    return problems.SlowDown() if too_soon else problems.AuthorizationPending()


def exchange_refresh_token(*, client: Client | None, refresh_token: str) -> Tokens:
    """The next pair of tokens; the old refresh token is spent. Raises InvalidGrant.

    A spent one that comes again ends the whole login: somebody else has it, and we cannot tell who (RFC 9700, 4.14).
    """
    with transaction.atomic():
        tokens = _refresh(client, refresh_token)
    if tokens is None:
        raise problems.InvalidGrant()
    return tokens


def _refresh(client: Client | None, refresh_token: str) -> Tokens | None:
    known = RefreshToken.objects.select_related("login").filter(digest=digest_of(refresh_token)).first()
    if known is None:
        return None
    # Two that come at once wait for each other here, so that the second is seen for what it is.
    login = Login.objects.select_for_update(of=("self",)).select_related("user__agent", "client").get(pk=known.login_id)
    known.refresh_from_db()
    if login.revoked_at or not login.user.is_active or (client is not None and client.pk != login.client_id):
        return None
    if known.used_at is not None:
        _revoke(login, actor=None, reason="a refresh token was used twice, so somebody else may have it")
        return None
    if known.expires_at <= timezone.now():
        return None
    RefreshToken.objects.filter(pk=known.pk).update(used_at=Now())
    return _issue(login)


def _issue(login: Login) -> Tokens:
    refresh_token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(days=settings.REFRESH_TOKEN_DAYS)
    RefreshToken.objects.create(login=login, digest=digest_of(refresh_token), expires_at=expires_at)
    return Tokens(make_access_token(login), refresh_token, login.scope)


@transaction.atomic
def revoke_login(*, login: Login, actor: Agent) -> None:
    """The person ends what a program may do: its tokens are refused from the next request on."""
    if actor.user_id != login.user_id:
        raise NotFound("You have let no such program in.")
    _revoke(login, actor=actor, reason="ended by the person")


def _revoke(login: Login, *, actor: Agent | None, reason: str) -> None:
    if Login.objects.filter(pk=login.pk, revoked_at=None).update(revoked_at=Now()):
        data = {"loginId": str(login.pk), "program": login.client.name, "reason": reason}
        events.emit("program.revoked", actor=actor, audience=[login.user.agent], data=data)
