"""What a person is given of all that is theirs: one JSON file for each kind of thing, in the words of the API."""

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Prefetch, Q, QuerySet
from rest_framework.serializers import BaseSerializer

from agents.favourites.queries import favourites_of
from agents.favourites.serializers import FavouriteSerializer
from agents.inbox.models import Notification
from agents.inbox.serializers import NotificationSerializer
from agents.mail.queries import exceptions_of, rhythms_of
from agents.models import Agent, ApiKey, User
from agents.serializers import ApiKeySerializer, OwnAgentSerializer
from agents.webhooks.models import Endpoint
from bids.models import Bid
from bids.serializers import BidSerializer
from bids.sorting.models import Mark
from bids.sorting.serializers import BidMarkSerializer
from disputes.models import Dispute
from disputes.queries import with_case
from disputes.serializers import DisputeSerializer
from jobs.conversations.models import Message
from jobs.conversations.queries import with_files
from jobs.conversations.serializers import JobMessageSerializer
from jobs.models import Job
from jobs.queries import visible_to
from jobs.reviews.models import Review
from jobs.reviews.queries import reviews_of, with_names
from jobs.reviews.serializers import ReviewSerializer
from jobs.serializers import JobSerializer
from marketplace.accounts.queries import hand_of
from marketplace.accounts.sessions import live_sessions
from marketplace.screening.queries import with_flags
from marketplace.timestamps import format_timestamp
from wallets.models import Deposit, Entry, Withdrawal
from wallets.serializers import DepositSerializer, TransactionSerializer, WithdrawalSerializer

CHUNK = 500
IN_MEMORY = 8 * 1024 * 1024
Hand = QuerySet[Agent]


@dataclass(frozen=True)
class Part:
    """A file of the copy: its name, what it has of a person and the agents of their hand, and how each row reads."""

    name: str
    rows: Callable[[User, Hand], Iterable[Any]]
    words: type[BaseSerializer[Any]]


def _jobs(user: User, hand: Hand) -> Iterable[Any]:
    own = with_flags(visible_to(user.agent)).filter(Q(poster__in=hand) | Q(worker__in=hand) | Q(invited__in=hand))
    return own.prefetch_related("transfers").order_by("created_at", "id").iterator(CHUNK)


def _bids(user: User, hand: Hand) -> Iterable[Any]:
    jobs = Prefetch("job", with_flags(Job.objects.defer("search")))
    bids = with_flags(Bid.objects.filter(bidder__in=hand).select_related("bidder").prefetch_related(jobs))
    return bids.order_by("created_at", "id").iterator(CHUNK)


def _bid_notes(user: User, hand: Hand) -> Iterable[Any]:
    marks = Mark.objects.filter(bid__job__poster__in=hand).select_related("bid__bidder")
    return marks.order_by("pk").iterator(CHUNK)


def _messages(user: User, hand: Hand) -> Iterable[Any]:
    sides = Q(conversation__job__poster__in=hand) | Q(conversation__job__worker__in=hand)
    messages = with_files(Message.objects.filter(sides).select_related("sender", "conversation"))
    return messages.order_by("created_at", "id").iterator(CHUNK)


def _given_reviews(user: User, hand: Hand) -> Iterable[Any]:
    given = with_names(Review.objects.filter(reviewer__in=hand))
    return given.order_by("created_at", "id").iterator(CHUNK)


def _received_reviews(user: User, hand: Hand) -> Iterator[Any]:
    for agent in hand:
        yield from reviews_of(agent, user.agent).order_by("created_at", "id").iterator(CHUNK)


def _ledger(user: User, hand: Hand) -> Iterable[Any]:
    entries = Entry.objects.filter(account__owner__in=hand, account__job=None)
    return entries.select_related("account", "transfer__job").order_by("id").iterator(CHUNK)


def _disputes(user: User, hand: Hand) -> Iterable[Any]:
    disputes = with_case(Dispute.objects.filter(Q(job__poster__in=hand) | Q(job__worker__in=hand)))
    return disputes.order_by("created_at", "id").iterator(CHUNK)


def _notifications(user: User, hand: Hand) -> Iterable[Any]:
    told = Notification.objects.filter(agent__in=hand).select_related("event__actor", "event__job__worker")
    return told.order_by("id").iterator(CHUNK)


def _of_agents(model: Any, *related: str) -> Callable[[User, Hand], Iterable[Any]]:
    """Rows of a model that has an `agent`."""
    return lambda user, hand: model.objects.filter(agent__in=hand).select_related("agent", *related).iterator(CHUNK)


PARTS = [
    Part("agents", lambda user, hand: hand.iterator(CHUNK), OwnAgentSerializer),
    Part("api-keys", _of_agents(ApiKey), ApiKeySerializer),
    Part("jobs", _jobs, JobSerializer),
    Part("bids", _bids, BidSerializer),
    Part("bid-notes", _bid_notes, BidMarkSerializer),
    Part("messages", _messages, JobMessageSerializer),
    Part("reviews-given", _given_reviews, ReviewSerializer),
    Part("reviews-received", _received_reviews, ReviewSerializer),
    Part("disputes", _disputes, DisputeSerializer),
    Part("ledger", _ledger, TransactionSerializer),
    Part("deposits", _of_agents(Deposit), DepositSerializer),
    Part("withdrawals", _of_agents(Withdrawal), WithdrawalSerializer),
    Part("favourites", lambda user, hand: favourites_of(user.agent).iterator(CHUNK), FavouriteSerializer),
    Part("notifications", _notifications, NotificationSerializer),
]


def archive(user: User) -> bytes:
    """The copy: a zip archive of JSON files, written row by row."""
    hand = hand_of(user)
    context = {"request": SimpleNamespace(actor=user.agent)}
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as copy:
            copy.writestr("account.json", json.dumps(_account(user), indent=2, ensure_ascii=False))
            for part in PARTS:
                with copy.open(f"{part.name}.json", "w", force_zip64=True) as out:
                    _write(out, (part.words(row, context=context).data for row in part.rows(user, hand)))
        file.seek(0)
        return file.read()


def _write(out: IO[bytes], rows: Iterable[Any]) -> None:
    """A JSON array with a row on each line."""
    before = "[\n"
    for row in rows:
        out.write((before + json.dumps(row, ensure_ascii=False, default=str)).encode())
        before = ",\n"
    out.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _account(user: User) -> dict[str, Any]:
    """What we know of the person besides what they do here; no secrets."""
    addresses = EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
    webhooks = Endpoint.objects.filter(agent__in=hand_of(user)).values_list("url", flat=True)
    return {
        "email": user.email,
        "name": user.name,
        "handle": user.agent.handle,
        "joinedAt": format_timestamp(user.date_joined),
        "lastLoginAt": format_timestamp(user.last_login) if user.last_login else None,
        "emailAddresses": list(addresses),
        "secondFactors": list(Authenticator.objects.filter(user=user).values_list("type", flat=True)),
        "connectedLogins": list(SocialAccount.objects.filter(user=user).values("provider", "uid")),
        "programs": list(user.program_logins.filter(revoked_at=None).values_list("client__name", flat=True)),
        "sessions": [
            {"startedAt": format_timestamp(one.created_at), "address": one.ip, "browser": one.user_agent}
            for one in live_sessions(user)
        ],
        "mail": rhythms_of(user) | exceptions_of(user),
        "webhooks": list(webhooks),
    }
