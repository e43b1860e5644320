"""From an event to a person's mailbox: fan out, claim, send, record; and what people choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from agents.mail.kinds import DIGEST, KINDS, Rhythm, kind_of
from agents.mail.models import Item, Letter, Preference, RefusedAddress
from agents.mail.queries import exceptions_of, refused_addresses, rhythms_of
from agents.models import User
from marketplace.errors import Invalid

# Six attempts over a day.
WAITS = [
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=5),
    timedelta(hours=18),
]
CLAIM_BATCH = 50
FORGET_BATCH = 2000
# No relay's transaction lasts that long, so whatever belongs to a day is in its letter before it goes.
DIGEST_MARGIN = timedelta(minutes=5)


def fan_out(event_ids: Sequence[int]) -> int:
    """Letters to the people concerned, in one statement; returns how many may go at once. A reader of the outbox.

    Told are active people with a confirmed address who did not do it themselves, of what their own agent and the AI
    agents they own are told.
    """
    rows = [(type, kind.key, kind.owners) for kind in KINDS.values() for type in kind.types]
    types, own, owners = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            FAN_OUT,
            {
                "events": list(event_ids),
                "types": types,
                "own": own,
                "owners": owners,
                "kinds": list(KINDS),
                "rhythms": [kind.rhythm.value for kind in KINDS.values()],
                "hour": settings.MAIL_DIGEST_HOUR,
                "margin": DIGEST_MARGIN.total_seconds(),
            },
        )
        [at_once] = cursor.fetchone()
    return int(at_once)


FAN_OUT = """
    WITH told AS MATERIALIZED (
        SELECT DISTINCT ON (event.id, person.id) event.id AS event_id, person.id AS user_id, kind.key AS kind,
               coalesce(exception.rhythm, chosen.rhythm, kind.rhythm) AS rhythm
          FROM events_event event
          JOIN unnest(%(types)s::text[], %(own)s::text[], %(owners)s::text[]) AS listed(type, own, owners)
            ON listed.type = event.type
         CROSS JOIN LATERAL unnest(event.audience) AS concerned(agent)
          JOIN agents_agent agent ON agent.id = concerned.agent
          JOIN agents_user person ON person.id = coalesce(agent.user_id, agent.owner_id) AND person.is_active
          JOIN unnest(%(kinds)s::text[], %(rhythms)s::text[]) AS kind(key, rhythm)
            ON kind.key = CASE WHEN agent.user_id IS NULL THEN listed.owners ELSE listed.own END
          LEFT JOIN agents_agent doer ON doer.id = event.actor_id
          LEFT JOIN mail_preference chosen ON chosen.user_id = person.id AND chosen.kind = kind.key
          LEFT JOIN mail_preference exception ON exception.user_id = person.id AND exception.kind = event.type
                AND agent.user_id = person.id
         WHERE event.id = ANY (%(events)s) AND doer.user_id IS DISTINCT FROM person.id
           AND EXISTS (SELECT FROM account_emailaddress address
                        WHERE address.user_id = person.id AND address.verified
                          AND NOT EXISTS (SELECT FROM mail_refusedaddress refused
                                           WHERE refused.email = lower(address.email)))
         ORDER BY event.id, person.id, agent.user_id IS NULL
    ), wanted AS MATERIALIZED (
        SELECT told.*, slot.due_at,
               md5(format('%%s %%s %%s', rhythm, user_id, CASE rhythm WHEN 'EACH' THEN event_id::text
                   ELSE extract(epoch FROM slot.due_at)::text END))::uuid AS letter_id
          FROM told CROSS JOIN LATERAL (
               SELECT CASE rhythm WHEN 'EACH' THEN now() ELSE
                      (date_trunc('day', now() AT TIME ZONE 'UTC' - hour.past) + hour.past + interval '1 day')
                      AT TIME ZONE 'UTC' + make_interval(secs => %(margin)s) END
                 FROM make_interval(hours => %(hour)s) AS hour(past)) AS slot(due_at)
         WHERE rhythm <> 'NEVER'
    ), letters AS (
        INSERT INTO mail_letter (id, user_id, rhythm, status, attempts, due_at, address, last_error)
        SELECT DISTINCT letter_id, user_id, rhythm, 'WAITING', 0, due_at, '', '' FROM wanted
        ON CONFLICT DO NOTHING RETURNING rhythm
    ), items AS (
        INSERT INTO mail_item (letter_id, user_id, event_id, kind)
        SELECT letter_id, user_id, event_id, kind FROM wanted ORDER BY event_id
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM letters WHERE rhythm = 'EACH'
"""


@dataclass(frozen=True)
class Claim:
    """A letter that this worker alone may send until its lease ends."""

    letter: Letter
    leased_until: datetime


@transaction.atomic
def claim_due() -> list[Claim]:
    """Leases letters that are due, in one short transaction: nothing is open while we talk to the mail server."""
    due = (
        Letter.objects.filter(status=Letter.Status.WAITING, due_at__lte=Now())
        .exclude(leased_until__gt=Now())
        .order_by("due_at")
        .select_for_update(skip_locked=True, of=("self",))
        .annotate(lease_ends=Now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS))
    )
    claims = [Claim(letter, letter.lease_ends) for letter in due[:CLAIM_BATCH]]
    if claims:
        ids = [claim.letter.pk for claim in claims]
        Letter.objects.filter(pk__in=ids).update(leased_until=claims[0].leased_until)
    return claims


def record_sent(claim: Claim, address: str) -> None:
    """The mail server has taken it."""
    _settle(claim, attempts=F("attempts") + 1, status=Letter.Status.SENT, sent_at=Now(), address=address, last_error="")


def record_failure(claim: Claim, address: str, error: str) -> None:
    """Says when it is tried again; after the last attempt it is given up."""
    attempts = claim.letter.attempts
    tried = {"attempts": F("attempts") + 1, "address": address, "last_error": error[:500]}
    if attempts < len(WAITS):
        _settle(claim, due_at=Now() + WAITS[attempts], **tried)
    else:
        _settle(claim, status=Letter.Status.FAILED, **tried)


@transaction.atomic
def record_refusal(claim: Claim, address: str, reason: str, *, of_address: bool) -> None:
    """It is refused for good; `of_address`: because the address is nobody's, so that nothing more is sent there."""
    _settle(
        claim,
        attempts=F("attempts") + 1,
        status=Letter.Status.REFUSED,
        address=address,
        last_error=reason[:500],
    )
    if of_address:
        refused = RefusedAddress(email=address.lower(), reason=reason[:500])
        RefusedAddress.objects.bulk_create([refused], ignore_conflicts=True)


def drop(claim: Claim, reason: str) -> None:
    """Nobody wants it any more, or nobody can be sent it."""
    _settle(claim, status=Letter.Status.DROPPED, last_error=reason)


def give_back(claims: Sequence[Claim]) -> None:
    """Letters that this worker has no time for: the next one takes them."""
    for claim in claims:
        _settle(claim)


def _settle(claim: Claim, **changes: object) -> None:
    """Writes the outcome unless the lease ended and another worker has the letter now."""
    Letter.objects.filter(pk=claim.letter.pk, status=Letter.Status.WAITING, leased_until=claim.leased_until).update(
        leased_until=None, **changes
    )


@transaction.atomic
def choose_rhythms(*, user: User, rhythms: Mapping[str, str]) -> None:
    """How often the person wants each of these kinds, and these types of their own events, which "" makes follow their
    kind again; what waits of what they end is not sent.

    Raises Invalid naming the kind or type.
    """
    for key, rhythm in rhythms.items():
        kind = KINDS.get(key) or kind_of(key)
        if kind is None:
            raise Invalid.field(key, "There is no mail of this kind.")
        if rhythm not in dict(kind.choices) and (rhythm or key in KINDS):
            raise Invalid.field(key, "Choose one of the rhythms that this kind of mail has.")
    following = [key for key, rhythm in rhythms.items() if not rhythm]
    Preference.objects.filter(user=user, kind__in=following).delete()
    Preference.objects.bulk_create(
        [Preference(user=user, kind=key, rhythm=rhythm) for key, rhythm in rhythms.items() if rhythm],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["rhythm"],
    )
    _drop_unwanted(user)


def _drop_unwanted(user: User) -> None:
    """What waits and is not wanted any more goes out of its letter."""
    waiting = Item.objects.filter(letter__user=user, letter__status=Letter.Status.WAITING)
    exceptions = exceptions_of(user)
    ended = [key for key, rhythm in rhythms_of(user).items() if rhythm == Rhythm.NEVER]
    waiting.filter(kind__in=ended).exclude(event__type__in=exceptions).delete()
    ended_types = [type for type, rhythm in exceptions.items() if rhythm == Rhythm.NEVER]
    waiting.filter(event__type__in=ended_types).delete()


@transaction.atomic
def unsubscribe(*, user: User, key: str) -> None:
    """No more mail of this kind; with DIGEST, no more of what comes once a day. What is required goes on."""
    if key == DIGEST:
        chosen = rhythms_of(user) | exceptions_of(user)
        ended = [one for one, rhythm in chosen.items() if rhythm == Rhythm.DAILY and not _is_required(one)]
        following = []
    else:
        ended, following = [key], [type for type in exceptions_of(user) if type in KINDS[key].types]
    choose_rhythms(user=user, rhythms={**dict.fromkeys(following, ""), **dict.fromkeys(ended, Rhythm.NEVER)})


def _is_required(key: str) -> bool:
    kind = KINDS.get(key) or kind_of(key)
    return kind is not None and kind.required


def try_again(*, user: User) -> None:
    """Mail goes to the person's addresses again, whatever their servers have said."""
    refused_addresses(user).delete()


def forget_letters() -> int:
    """Deletes letters that ended more than MAIL_KEPT_DAYS ago, a batch at a time; returns how many."""
    old = Letter.objects.exclude(status=Letter.Status.WAITING).filter(
        created_at__lt=Now() - timedelta(days=settings.MAIL_KEPT_DAYS)
    )
    forgotten = 0
    while batch := list(old.values_list("pk", flat=True)[:FORGET_BATCH]):
        with transaction.atomic():
            Item.objects.filter(letter__in=batch).delete()
            forgotten += Letter.objects.filter(pk__in=batch).delete()[0]
    return forgotten
