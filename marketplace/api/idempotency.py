"""`Idempotency-Key`: a request that is sent again does nothing again and gets the answer of the first time.

The answer is stored in the transaction of the effect, so both are there or neither. Refusals (400 and above) are not
stored and leave nothing behind: they may be sent again with the same key, corrected or not (SURVIVE L10).
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.db import connection, transaction
from django.http import HttpResponse
from rest_framework.response import Response

from marketplace.api.models import IdempotencyRecord
from marketplace.api.requests import ApiRequest
from marketplace.encryption import decrypt, encrypt
from marketplace.errors import Invalid, MarketError

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,255}")


class KeyInUse(MarketError):
    code, title = "IDEMPOTENCY_KEY_IN_USE", "Request in progress"
    detail = "The first request with this Idempotency-Key has not finished; wait for its answer, then send it again."


class KeyReused(MarketError):
    status, code, title = 422, "IDEMPOTENCY_KEY_REUSED", "Idempotency key reused"
    detail = "This Idempotency-Key was used for another request; use a new key for a new request."


def key_of(request: ApiRequest) -> str | None:
    """The key that the request carries, None without one. Raises Invalid naming the header."""
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid.field(HEADER, "Must be 1 to 255 visible ASCII characters.")
    return key


@transaction.atomic
def once(request: ApiRequest, key: str, respond: Callable[[], Response]) -> HttpResponse:
    """The rendered answer of `respond`, or the stored one when this actor has had an answer for this key."""
    actor_id = request.actor.pk
    fingerprint = _fingerprint(request)
    _take_turn(actor_id, key)
    record = IdempotencyRecord.objects.filter(actor_id=actor_id, key=key).first()
    if record is not None:
        return _replay(record, fingerprint)
    response = respond().render()
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return response
    IdempotencyRecord.objects.create(
        actor_id=actor_id,
        key=key,
        fingerprint=fingerprint,
        method=request.method or "",
        path=request.get_full_path()[:2000],
        status=response.status_code,
        headers=dict(response.items()),
        body=encrypt(response.content),
    )
    return response


def _fingerprint(request: ApiRequest) -> bytes:
    line = f"{request.method} {request.get_full_path()}\n"
    digest = hashlib.sha256(line.encode())
    for part in _content(request):
        digest.update(part)
    return digest.digest()


def _content(request: ApiRequest) -> Iterator[bytes]:
    """What tells two requests apart: the body, or what is in a form, whose separators differ each time it is sent."""
    if not (request.content_type or "").startswith("multipart/"):
        yield request.body
        return
    form: Any = request.data
    for name, values in sorted(form.lists()):
        for value in values:
            is_file = isinstance(value, File)
            yield json.dumps([name, value.name if is_file else value, value.size if is_file else None]).encode()
            if is_file:
                yield from value.chunks()
                value.seek(0)


def _take_turn(actor_id: UUID, key: str) -> None:
    """Holds the key until the transaction ends. Raises KeyInUse at once when another request holds it."""
    digest = hashlib.sha256(f"idempotency:{actor_id}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        if not cursor.fetchone()[0]:
            raise KeyInUse()


def _replay(record: IdempotencyRecord, fingerprint: bytes) -> HttpResponse:
    if bytes(record.fingerprint) != fingerprint:
        raise KeyReused()
    headers: dict[str, Any] = {**record.headers, "Idempotent-Replayed": "true"}
    return HttpResponse(decrypt(bytes(record.body)), status=record.status, headers=headers)
