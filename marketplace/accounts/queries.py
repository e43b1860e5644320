"""Reads of accounts: what they have, what stands against closing them, and copies of what is in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents.models import Agent, ApiKey, User
from agents.oauth.models import Login
from bids.models import Bid
from disputes.appeals.models import Appeal
from disputes.models import Side
from jobs.lifecycle import Status
from jobs.models import Job
from marketplace.accounts.models import Export
from marketplace.accounts.sessions import live_sessions
from marketplace.errors import NotFound
from marketplace.money import readable_usdc
from wallets import queries as wallets
from wallets.models import Account, Transfer

FINISHED = (Status.COMPLETED, Status.CANCELLED)


def hand_of(user: User) -> QuerySet[Agent]:
    """All agents that the person decides for: their own first, then the AI agents they own."""
    return Agent.objects.filter(Q(user=user) | Q(owner=user)).order_by(F("user").asc(nulls_last=True), "created_at")


def overview(user: User) -> Any:
    """The user, with how much of each thing the account has, in one query."""
    with_counts = User.objects.annotate(
        sessions=_count(live_sessions(user), "user"),
        codes=_count(Authenticator.objects.filter(type=Authenticator.Type.TOTP), "user"),
        passkeys=_count(Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN), "user"),
        unconfirmed=_count(EmailAddress.objects.filter(verified=False), "user"),
        connections=_count(SocialAccount.objects.all(), "user"),
        programs=_count(Login.objects.filter(revoked_at=None), "user"),
        keys=_count(ApiKey.objects.filter(revoked_at=None).exclude(expires_at__lte=Now()), "agent__user"),
        agents=_count(Agent.objects.filter(kind=Agent.Kind.AI), "owner"),
    )
    return with_counts.get(pk=user.pk)


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many rows are the person's, inside another query."""
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)


# Copies


def exports_of(actor: Agent) -> QuerySet[Export]:
    """Copies of the person's data that are being made or can still be fetched, newest first, without their content."""
    waiting_or_kept = Q(expires_at=None) | Q(expires_at__gt=Now())
    return Export.objects.filter(waiting_or_kept, user=actor.user_id).defer("content").order_by("-created_at", "-id")


def find_export(reference: str | UUID, actor: Agent) -> Export:
    """One of them. Raises NotFound, the same for missing, expired and others' copies."""
    try:
        found = exports_of(actor).filter(pk=UUID(str(reference))).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such copy; it may have expired. Ask for a new one.")
    return found


# Closing


@dataclass(frozen=True)
class Obstacle:
    """Something that is still open: a sentence that says what, and where to end it."""

    code: str
    sentence: str
    path: str


def obstacles(user: User) -> list[Obstacle]:
    """What has to end before the account can be closed; nothing if it can be closed now.

    Looked for in the order in which a deal goes on, so that one which goes on meanwhile is met further along.
    """
    hand = list(hand_of(user))
    return [*_open_bids(hand), *_open_jobs(hand), *_open_appeals(hand), *_money(hand)]


def _open_bids(hand: list[Agent]) -> Iterator[Obstacle]:
    if count := Bid.objects.filter(bidder__in=hand, status=Bid.Status.PENDING).count():
        words = ngettext(
            "%(count)s bid waits for an answer: withdraw it.", "%(count)s bids wait: withdraw them.", count
        )
        yield Obstacle("OPEN_BIDS", words % {"count": count}, f"{reverse('job_list')}?role=bidder")


def _open_jobs(hand: list[Agent]) -> Iterator[Obstacle]:
    """Deals that bind somebody else, and offers to all; drafts are nobody's business."""
    known = Job.objects.exclude(status__in=[*FINISHED, Status.DRAFT])
    for role, words in (
        ("poster", _("%(count)s of your jobs are not finished: cancel them, or wait until they are done.")),
        ("worker", _("%(count)s jobs wait for your work or its approval.")),
    ):
        if count := known.filter(**{f"{role}__in": hand}).count():
            yield Obstacle("OPEN_JOBS", words % {"count": count}, f"{reverse('job_list')}?role={role}")


def _open_appeals(hand: list[Agent]) -> Iterator[Obstacle]:
    """Those that nobody has decided, and those that brought money which is not paid yet: a closed wallet gets none."""
    theirs = Q(side=Side.POSTER, dispute__job__payer__in=hand) | Q(side=Side.WORKER, dispute__job__worker__in=hand)
    made = Appeal.objects.filter(theirs).exclude(status=Appeal.Status.UPHELD)
    # What an appeal brings is posted under its number (marketplace.desk.appeals).
    keys = [f"adjustment:{pk}" for pk in made.values_list("pk", flat=True)]
    if count := len(keys) - Transfer.objects.filter(key__in=keys).count():
        words = ngettext("%(count)s appeal is not decided or paid yet.", "%(count)s appeals are not.", count)
        yield Obstacle("OPEN_APPEALS", words % {"count": count}, reverse("dispute_list"))


def _money(hand: list[Agent]) -> Iterator[Obstacle]:
    """What the wallets could still pay out, and what is on its way in or out."""
    balances, bonuses = wallets.balances(hand), wallets.bonuses_unspent(hand)
    for agent in hand:
        yield from _money_of(agent, balances[agent.pk], bonuses.get(agent.pk, 0))


def _money_of(agent: Agent, balance: wallets.Balance, bonus: int) -> Iterator[Obstacle]:
    path = reverse("wallet") + ("" if agent.is_human else f"?agent={agent.handle}")
    withdrawable = balance.available - bonus
    if withdrawable >= settings.WITHDRAWAL_MINIMUM:
        yield _in_wallet(
            "MONEY", _("%(amount)s USDC are in the wallet of %(name)s: withdraw them."), withdrawable, agent, path
        )
    if balance.clearing:
        yield _in_wallet(
            "CLEARING", _("%(amount)s USDC of %(name)s are still clearing."), balance.clearing, agent, path
        )
    if balance.withdrawing:
        words = _("%(amount)s USDC of %(name)s are on their way out; wait until they have arrived.")
        yield _in_wallet("WITHDRAWING", words, balance.withdrawing, agent, path)


def _in_wallet(code: str, words: Any, amount: int, agent: Agent, path: str) -> Obstacle:
    return Obstacle(code, words % {"amount": readable_usdc(amount), "name": agent.name}, path)


def left_behind(user: User) -> int:
    """Micro-USDC that cannot be withdrawn and lapse when the account is closed: bonuses, and less than the minimum."""
    of_hand = Account.objects.filter(owner__in=hand_of(user), kind=Account.Kind.AVAILABLE)
    return of_hand.aggregate(sum=Sum("balance"))["sum"] or 0
