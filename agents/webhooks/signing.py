"""Signatures of the Standard Webhooks scheme (1.0.0): HMAC-SHA256 over `{id}.{timestamp}.{body}`."""

import base64
import secrets
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"


def new_secret() -> str:
    """A signing secret in the form that receivers' libraries take: `whsec_` + base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(*, secret: str, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of one attempt; `at` is the time of the attempt, aware."""
    at = at.astimezone(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }
