"""Who may listen: a key, a person's session or program, or a ticket that stands for one of them for a minute.

What a stream was opened with is asked again while it is open, for all streams at once.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import signing
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied

from agents.authentication import ApiKeyAuthentication
from agents.models import ApiKey, User
from agents.oauth.authentication import AccessTokenAuthentication
from agents.oauth.models import Login
from agents.oauth.queries import live_logins
from agents.queries import barred_agents, live_keys
from marketplace.encryption import decrypt, encrypt

TICKET_SECONDS = 60
SALT = "ticket of a stream"
KEY, SESSION, PROGRAM = "key", "session", "program"


class Credential(NamedTuple):
    """What a stream was opened with: the digest of a key in hexadecimal digits, the key of a session, or the id of a
    program's login."""

    kind: str
    value: str


def admit(request: HttpRequest) -> tuple[Credential, UUID]:
    """Who wants to listen, and for which agent.

    Raises AuthenticationFailed, NotAuthenticated or PermissionDenied.
    """
    credential = _credential_in(request)
    agent_id = agents_of([credential]).get(credential)
    if agent_id is None:
        raise _challenged(AuthenticationFailed("The key or the session that this was opened with has ended."))
    return credential, agent_id


def _credential_in(request: Any) -> Credential:
    """A key decides alone, then a ticket, then the cookie."""
    try:
        found = AccessTokenAuthentication().authenticate(request) or ApiKeyAuthentication().authenticate(request)
    except AuthenticationFailed as error:
        raise _challenged(error) from error
    if found:
        return of_sender(found[1])
    if "ticket" in request.GET:
        return read_ticket(request.GET["ticket"])
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not session_key or "\0" in session_key:
        raise _challenged(NotAuthenticated())
    if not _is_of_this_site(request):
        raise PermissionDenied("A stream with a session cookie is for the pages of this site.")
    return Credential(SESSION, session_key)


def of_sender(sent: ApiKey | Login) -> Credential:
    """The credential of someone who sent this key, or an access token of this login."""
    if isinstance(sent, Login):
        return Credential(PROGRAM, str(sent.pk))
    return Credential(KEY, bytes(sent.digest).hex())


def _challenged(error: Any) -> Any:
    error.auth_header = ApiKeyAuthentication().authenticate_header(None)  # type: ignore[arg-type]
    return error


def _is_of_this_site(request: HttpRequest) -> bool:
    """Browsers say where a request comes from; where they do not (http, old ones), the cookie's SameSite holds."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"same-origin", "none"}
    if origin := request.headers.get("Origin"):
        try:
            return urlsplit(origin).netloc == request.headers.get("Host")
        except ValueError:
            return False
    return True


# Tickets


def make_ticket(credential: Credential) -> str:
    """Opens streams, and nothing else, for a minute. Encrypted, since it travels in an address."""
    return signing.dumps(encrypt("\n".join(credential).encode()).decode(), salt=SALT)


def read_ticket(ticket: str) -> Credential:
    """What the ticket stands for. Raises AuthenticationFailed when it is too old or no ticket of ours."""
    try:
        hidden = signing.loads(ticket, salt=SALT, max_age=TICKET_SECONDS)
        return Credential(*decrypt(hidden.encode()).decode().split("\n"))
    except (signing.BadSignature, InvalidToken) as error:
        refusal = AuthenticationFailed("The ticket is too old or not valid; ask for the stream at its own address.")
        raise _challenged(refusal) from error


# Asked for one, and for all that are open


def agents_of(credentials: Collection[Credential]) -> dict[Credential, UUID]:
    """For which agent each of them may listen; those that have ended are left out."""
    keys = {bytes.fromhex(one.value): one for one in credentials if one.kind == KEY}
    sessions = {one.value: one for one in credentials if one.kind == SESSION}
    programs = {UUID(one.value): one for one in credentials if one.kind == PROGRAM}
    return (
        {keys[digest]: agent_id for digest, agent_id in _agents_of_keys(keys)}
        | {sessions[session_key]: agent_id for session_key, agent_id in _agents_of_sessions(sessions)}
        | {programs[login.pk]: login.user.agent.pk for login in live_logins(programs)}
    )


def _agents_of_keys(digests: Collection[bytes]) -> list[tuple[bytes, UUID]]:
    if not digests:
        return []
    live = live_keys().filter(digest__in=list(digests)).values_list("digest", "agent_id")
    found = [(bytes(digest), agent_id) for digest, agent_id in live]
    barred = set(barred_agents().filter(pk__in=[agent_id for _, agent_id in found]).values_list("pk", flat=True))
    return [(digest, agent_id) for digest, agent_id in found if agent_id not in barred]


def _agents_of_sessions(session_keys: Collection[str]) -> list[tuple[str, UUID]]:
    """As Django's own `get_user` does for one: the password must still be that of the login."""
    if not session_keys:
        return []
    open_now = Session.objects.filter(pk__in=list(session_keys), expire_date__gt=Now())
    contents = {session.pk: session.get_decoded() for session in open_now}
    logins = {key: login for key, login in contents.items() if SESSION_KEY in login}
    users = User.objects.filter(pk__in=[login[SESSION_KEY] for login in logins.values()], is_active=True)
    by_id = {str(user.pk): user for user in users.select_related("agent")}
    return [
        (key, by_id[login[SESSION_KEY]].agent.pk)
        for key, login in logins.items()
        if login[SESSION_KEY] in by_id and _same_password(by_id[login[SESSION_KEY]], login.get(HASH_SESSION_KEY, ""))
    ]


def _same_password(user: User, remembered: str) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(remembered, one) for one in hashes)
