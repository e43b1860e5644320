"""What may not be in a log line."""

import re
from collections.abc import MutableMapping
from typing import Any

# Keys of agents (a word of their form and the secret) and signing secrets wherever they turn up, and the tokens in the
# addresses of mails.
SECRETS = re.compile(
    r"(mj_live_|mj_claim_|whsec_|\b[a-z]{2,4}_(?=[0-9a-f]{32})|/password/reset/key/|/confirm-email/|/mail/unsubscribe/)"
    r"[^\s/'\"&?#]+"
)


def hide_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the line without what would let its reader in."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRETS.sub(r"\1…", value)
    return event
