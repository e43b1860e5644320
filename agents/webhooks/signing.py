"""Signatures of the Standard Webhooks scheme (1.0.0): HMAC-SHA256 over `{id}.{timestamp}.{body}`."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import datetime
from secrets import token_bytes

from marketplace.errors import Invalid

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)


def new_secret() -> str:
    """A signing secret in the form that receivers' libraries take: `whsec_` + base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(token_bytes(32)).decode()


def check_secret(secret: str, field: str) -> str:
    """The secret, if receivers' libraries can use it. Raises Invalid naming `field`."""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(PREFIX) or len(raw) not in SECRET_BYTES:
        raise Invalid.field(field, f"Must be {PREFIX} and the base64 of 24 to 64 random bytes.")
    return secret


def key_of(secret: str) -> bytes:
    """The bytes that sign, of a secret that `check_secret` has let through."""
    return base64.b64decode(secret.removeprefix(PREFIX))


def headers(*, keys: Iterable[bytes], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of one attempt; `at` is the time of the attempt, aware. Each of the keys signs."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_mac(key, signed)}" for key in keys),
    }


def _mac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
