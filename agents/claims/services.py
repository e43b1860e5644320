"""The verbs of signing up and claiming."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.claims.models import ClaimToken, Signup
from agents.claims.queries import signup_of_token, signups
from agents.claims.rules import require_owner, require_person
from agents.models import Agent, ApiKey
from agents.rules import require_not_suspended
from agents.services import give_to_owner, mint_api_key, reserve_agent
from marketplace.errors import MarketError
from marketplace.events.services import wake

MAIL_TASK = "agents.claims.tasks.send_claim_mails"
# Nobody can have a stranger's mailbox filled by us: so many sign-ups wait for one address, so many mails are sent each.
MOST_WAITING = 10
MOST_MAILS = 3
BETWEEN_MAILS = timedelta(minutes=1)
# Until the next attempt at a mail, and as long as the one that makes it may take. Seven attempts over two days.
WAITS = [timedelta(minutes=minutes) for minutes in (2, 10, 60, 300, 1080, 1440)]
FORGOTTEN_AFTER = timedelta(days=30)
BATCH = 200
Status = Signup.Status


class TooManyWaiting(MarketError):
    code, title = "SIGNUPS_WAITING", "Too many sign-ups wait"
    detail = (
        f"{MOST_WAITING} agents wait for an owner at that address already. They can be claimed by the links that were"
        " mailed; those that are not will expire. Or the owner signs in and creates the agent there."
    )


class AlreadyClaimed(MarketError):
    code, title = "ALREADY_CLAIMED", "Already claimed"
    detail = "This agent has been claimed; a link works once. Its owner mints further keys on the page of the agent."


class SignupExpired(MarketError):
    code, title = "SIGNUP_EXPIRED", "Sign-up expired"
    detail = "Nobody claimed this agent in time. Sign it up anew; its handle may still be free."


class MailsUsedUp(MarketError):
    code, title = "MAILS_USED_UP", "No more mails"
    detail = f"The link was mailed {MOST_MAILS} times. Ask the owner to look for it, also among unwanted mail."


class MailedJustNow(MarketError):
    status, code, title = 429, "MAILED_JUST_NOW", "Mailed just now"

    def __init__(self, seconds: int):
        super().__init__(f"The link was mailed a moment ago; ask again in {seconds} seconds.")
        self.headers = {"Retry-After": str(seconds)}


@transaction.atomic
def sign_up_agent(
    *, owner_email: str, name: str, handle: str = "", actor: Agent | None = None, **profile: Any
) -> Signup:
    """Keeps a handle for an agent and has the link to claim it mailed to its owner, account or not.

    Anybody may; the `actor` is whoever happens to be known. Raises Invalid, HandleTaken, TooManyWaiting.
    """
    require_not_suspended(actor)
    owner_email = owner_email.lower()
    _require_room(owner_email)
    expire_signups(handle=handle)
    agent = reserve_agent(name=name, handle=handle, **profile)
    signup = Signup.objects.create(
        agent=agent,
        handle=agent.handle,
        owner_email=owner_email,
        expires_at=Now() + timedelta(days=settings.AGENT_SIGNUP_DAYS),
        mail_due_at=Now(),
    )
    transaction.on_commit(partial(wake, MAIL_TASK))
    return signups().get(pk=signup.pk)


def _require_room(owner_email: str) -> None:
    """One at a time for an address, so that a burst passes no more than one by one would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"sign-ups for {owner_email}"])
    waiting = Signup.objects.filter(owner_email=owner_email, status=Status.WAITING, expires_at__gt=Now())
    if waiting.count() >= MOST_WAITING:
        raise TooManyWaiting()


@transaction.atomic
def claim_agent(*, token: str, actor: Agent) -> tuple[ApiKey, str]:
    """The person becomes the agent's owner; returns its first key and the key's text, which is shown this once.

    Raises Invalid naming `claimToken`, AlreadyClaimed, SignupExpired, NotAllowed.
    """
    require_not_suspended(actor)
    require_person(actor)
    signup = _lock(signup_of_token(token))
    require_claimable(signup)
    require_owner(actor, signup)
    assert signup.agent is not None  # a constraint
    agent = give_to_owner(agent=signup.agent, owner=actor)
    Signup.objects.filter(pk=signup.pk).update(status=Status.CLAIMED, claimed_at=Now(), mail_due_at=None)
    return mint_api_key(agent=agent, name="From the claim", actor=actor)


def require_claimable(signup: Signup) -> None:
    """Raises AlreadyClaimed, SignupExpired."""
    if signup.status == Status.CLAIMED:
        raise AlreadyClaimed()
    if signup.has_lapsed:  # type: ignore[attr-defined]
        raise SignupExpired()


@transaction.atomic
def resend_link(*, signup: Signup, actor: Agent | None = None) -> Signup:
    """Has a link mailed again; earlier ones go on working. Raises AlreadyClaimed, SignupExpired, and what limits it."""
    require_not_suspended(actor)
    signup = _lock(signup)
    require_claimable(signup)
    if signup.mail_due_at is not None:
        return signup  # it is on its way
    if signup.mails_sent >= MOST_MAILS:
        raise MailsUsedUp()
    if signup.last_mail_at is not None:
        _require_pause(signup)
    Signup.objects.filter(pk=signup.pk).update(mail_due_at=Now(), mail_attempts=0)
    transaction.on_commit(partial(wake, MAIL_TASK))
    return signups().get(pk=signup.pk)


def _require_pause(signup: Signup) -> None:
    """Raises MailedJustNow with the whole seconds until the next mail, by the database's clock."""
    left = signup.last_mail_at + BETWEEN_MAILS - signup.now  # type: ignore[attr-defined,operator]
    if left > timedelta(0):
        raise MailedJustNow(int(left.total_seconds()) + 1)


def _lock(signup: Signup) -> Signup:
    return signups().annotate(now=Now()).select_for_update(of=("self",), no_key=True).get(pk=signup.pk)


@transaction.atomic
def expire_signups(*, handle: str = "") -> int:
    """Releases the handles of sign-ups whose time is over, of all or of one; returns how many."""
    lapsed = Signup.objects.filter(status=Status.WAITING, expires_at__lte=Now())
    if handle:
        lapsed = lapsed.filter(handle=handle)
    batch = list(lapsed.select_for_update(skip_locked=True, no_key=True).values_list("pk", "agent_id")[:BATCH])
    ended = Signup.objects.filter(pk__in=[signup for signup, _ in batch])
    ended.update(status=Status.EXPIRED, agent=None, mail_due_at=None)
    # An agent that nobody could see or act for has left nothing behind.
    Agent.objects.filter(pk__in=[agent for _, agent in batch]).delete()
    return len(batch)


def forget_signups() -> int:
    """Deletes what expired long ago, with the address that it named; returns how many."""
    old = Signup.objects.filter(status=Status.EXPIRED, expires_at__lt=Now() - FORGOTTEN_AFTER)
    return Signup.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()[0]


@dataclass(frozen=True)
class Mail:
    """A mail that this worker alone sends, until `due` has passed and it is tried again."""

    signup: Signup
    token: str
    attempt: int


@transaction.atomic
def take_due_mail() -> Mail | None:
    """The next mail that is due, with a token of its own: made here, known to the mail alone."""
    due = signups().annotate(now=Now()).filter(status=Status.WAITING, mail_due_at__lte=Now(), expires_at__gt=Now())
    signup = due.order_by("mail_due_at").select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if signup is None:
        return None
    token = ClaimToken.PREFIX + secrets.token_urlsafe(32)
    ClaimToken.objects.create(signup=signup, digest=ClaimToken.digest_of(token))
    wait = WAITS[min(signup.mail_attempts, len(WAITS) - 1)]
    signup.mail_due_at = signup.now + wait
    signup.mail_attempts += 1
    signup.save(update_fields=["mail_due_at", "mail_attempts"])
    return Mail(signup, token, signup.mail_attempts)


def record_sent(mail: Mail) -> None:
    """The mail server has taken it."""
    _settle(mail, mail_due_at=None, mails_sent=F("mails_sent") + 1, last_mail_at=Now(), last_error="")


def record_failure(mail: Mail, error: str, *, for_good: bool = False) -> None:
    """It is tried again when it is due; not after the last attempt, nor when it is refused `for_good`."""
    is_over = for_good or mail.attempt > len(WAITS)
    _settle(mail, last_error=error[:500], **({"mail_due_at": None} if is_over else {}))


def _settle(mail: Mail, **changes: Any) -> None:
    """Writes the outcome, unless another worker is at it by now or the agent was claimed meanwhile."""
    Signup.objects.filter(pk=mail.signup.pk, mail_due_at=mail.signup.mail_due_at).update(**changes)
