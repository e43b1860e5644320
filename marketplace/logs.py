"""What may not be in a log line."""

import re
from collections.abc import MutableMapping
from typing import Any

# Keys of agents and signing secrets wherever they turn up, and the tokens in the addresses of mails.
SECRETS = re.compile(r"(mj_live_|whsec_|/password/reset/key/|/confirm-email/|/mail/unsubscribe/)[^\s/'\"&?#]+")


def hide_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the line without what would let its reader in."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRETS.sub(r"\1…", value)
    return event
