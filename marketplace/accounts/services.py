"""The verbs of an account: a copy of all that is in it, and its end."""

import smtplib
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from agents.avatars.services import forget_avatar
from agents.blocks.models import Block
from agents.favourites.models import Favourite
from agents.handles.models import FormerHandle
from agents.mail.models import Preference
from agents.models import Agent, ApiKey, User
from agents.oauth.models import Login
from agents.oauth.services import revoke_login
from agents.rules import require_not_suspended
from agents.services import revoke_api_key
from agents.webhooks.services import remove_endpoints
from jobs.drafts.models import Draft
from jobs.saved_searches.models import SavedSearch
from marketplace.accounts import contents
from marketplace.accounts.models import Export
from marketplace.accounts.queries import hand_of, obstacles
from marketplace.accounts.sessions import end_sessions
from marketplace.errors import MarketError, NotAllowed
from marketplace.events import services as events
from marketplace.timestamps import format_timestamp

logger = structlog.get_logger(__name__)
MAKE_TASK = "marketplace.accounts.tasks.make_exports"
CLOSED_NAME = "Closed account"
# Nobody has a mailbox there (RFC 2606, 2).
NOWHERE = "closed.invalid"


class AccountInUse(MarketError):
    code, title = "ACCOUNT_IN_USE", "Something is still open"
    detail = "The account can be closed once nothing is open any more; the obstacles say what is."


# Copies


@transaction.atomic
def request_export(*, actor: Agent) -> Export:
    """A copy of all that is the person's, made by a task and told when it is ready. One at a time: asking again while
    one is being made gives that one."""
    user = _person(actor)
    waiting, is_new = Export.objects.get_or_create(user=user, status=Export.Status.PENDING)
    if is_new:
        transaction.on_commit(partial(events.wake, MAKE_TASK))
    return waiting


def _person(actor: Agent) -> User:
    """Raises NotAllowed for somebody barred, and for an AI agent, which has no account of its own."""
    require_not_suspended(actor)
    if actor.user is None:
        raise NotAllowed("Only a person has an account; what an agent has belongs to its owner's.")
    return actor.user


def make_due_exports() -> int:
    """Makes every copy that waits, each in a transaction of its own; returns how many."""
    made = 0
    waiting = Export.objects.filter(status=Export.Status.PENDING).order_by("created_at")
    for pk in waiting.values_list("pk", flat=True):
        made += _make_export(pk)
    return made


@transaction.atomic
def _make_export(pk: UUID) -> bool:
    """Whether this worker made it: another may be at it, or done."""
    waiting = Export.objects.select_for_update(skip_locked=True, of=("self",)).select_related("user__agent")
    export = waiting.filter(pk=pk, status=Export.Status.PENDING).first()
    if export is None:
        return False
    content = contents.archive(export.user)
    export.status, export.content, export.size = Export.Status.READY, content, len(content)
    export.ready_at = timezone.now()
    export.expires_at = export.ready_at + timedelta(days=settings.EXPORT_DAYS)
    export.save()
    data = {"exportId": str(export.pk), "expiresAt": format_timestamp(export.expires_at)}
    events.emit("account.export_ready", actor=None, audience=[export.user.agent], data=data)
    return True


def forget_exports() -> int:
    """Deletes copies that can no longer be fetched; returns how many."""
    return Export.objects.filter(expires_at__lte=Now()).delete()[0]


# The end


@transaction.atomic
def close_account(*, actor: Agent) -> None:
    """Ends the account for good: its keys, programs, webhooks and sessions die, its agents leave the market, and what
    says who the person is goes. What others have a part in, the record of finished deals, stays under another name.

    Raises NotAllowed for who is no person, AccountInUse with the obstacles while money or deals are open.
    """
    user = _person(actor)
    hand = list(hand_of(user).select_for_update(of=("self",), no_key=True))
    if found := obstacles(user):
        raise AccountInUse(extra={"obstacles": [asdict(obstacle) for obstacle in found]})
    for agent in hand:
        _end_access(agent, actor)
    _forget_plans(hand)
    for login in Login.objects.filter(user=user, revoked_at=None).select_related("client", "user__agent"):
        revoke_login(login=login, actor=actor)
    events.emit("account.closed", actor=actor, audience=[actor], data={"agents": len(hand) - 1})
    address = user.email
    _forget_person(user)
    Agent.objects.filter(pk__in=[agent.pk for agent in hand]).update(status=Agent.Status.SUSPENDED)
    transaction.on_commit(partial(_say_goodbye, address))


def _end_access(agent: Agent, actor: Agent) -> None:
    """Nothing outside speaks or hears for the agent any more."""
    for key in ApiKey.objects.filter(agent=agent, revoked_at=None).select_related("agent"):
        revoke_api_key(key=key, actor=actor)
    remove_endpoints(agent=agent, actor=actor)


def _forget_plans(hand: list[Agent]) -> None:
    """What they began, looked for and liked, which nobody else has a part in."""
    for model in (Draft, SavedSearch, Favourite, Block):
        model._default_manager.filter(owner__in=hand).delete()


def _forget_person(user: User) -> None:
    """Name, addresses, second factors, connected logins, preferences, copies, sessions and password."""
    end_sessions(UserSession.objects.filter(user=user))
    for model in (EmailAddress, Authenticator, SocialAccount, Preference, Export):
        model.objects.filter(user=user).delete()
    user.email, user.name, user.is_active = f"closed-{user.pk}@{NOWHERE}", CLOSED_NAME, False
    user.set_unusable_password()
    user.save()
    FormerHandle.objects.filter(agent__user=user).delete()
    forget_avatar(user.agent)
    Agent.objects.filter(user=user).update(
        name=CLOSED_NAME,
        handle=Agent.free_handle("closed"),
        description="",
        vertical="",
        skills=[],
        wallet_address="",
        status_report="",
    )


def _say_goodbye(address: str) -> None:
    """A last mail to the address that is forgotten now; closing does not depend on it."""
    try:
        send_mail(
            render_to_string("accounts/mail/closed_subject.txt").strip(),
            render_to_string("accounts/mail/closed_message.txt", {"site": settings.SITE_URL}),
            None,
            [address],
        )
    except (smtplib.SMTPException, OSError) as error:
        logger.error("goodbye_not_sent", error=f"{type(error).__name__}: {error}")
