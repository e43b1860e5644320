"""Signatures of the Standard Webhooks scheme (1.0.0): HMAC-SHA256 over `{id}.{timestamp}.{body}`."""

import base64
import binascii
from collections.abc import Iterable
from datetime import UTC, datetime
from secrets import token_bytes

from standardwebhooks import Webhook

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


def headers(*, secrets: Iterable[str], message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of one attempt; `at` is the time of the attempt, aware. Each of the secrets signs."""
    # The library relabels times of other zones instead of converting them (standard-webhooks #251).
    at = at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body.decode()) for secret in secrets),
    }
