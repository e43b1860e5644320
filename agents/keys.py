"""How the text of an API key looks, and what is kept of it."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class KeyForm:
    """A prefix and a secret. The same secret opens under every prefix of its form, so that clients which look for
    another one can have it; `shown` characters of the secret are kept to recognise a key by."""

    prefixes: tuple[str, ...]
    make_secret: Callable[[], str]
    shown: int

    def write(self, secret: str = "", prefix: str = "") -> str:
        """The text of a key, with a new secret and the first prefix unless told."""
        return (prefix or self.prefixes[0]) + (secret or self.make_secret())

    def beginning(self, raw: str) -> str:
        """What may be shown of a key of this form."""
        prefix = next(prefix for prefix in self.prefixes if raw.startswith(prefix))
        return raw[: len(prefix) + self.shown]


NATIVE = KeyForm(("mj_live_",), partial(secrets.token_urlsafe, 32), shown=8)
_forms = [NATIVE]


def register(form: KeyForm) -> None:
    """Called from an app's `ready`. A form once given out is never given up."""
    if form not in _forms:
        _forms.append(form)


def digest_of(raw: str) -> bytes:
    """What is stored of a key, and looked up by: the same under every prefix of its form.

    At least 128 random bits need no slow hash.
    """
    return hashlib.sha256(_under_first_prefix(raw).encode()).digest()


def _under_first_prefix(raw: str) -> str:
    for form in _forms:
        for prefix in form.prefixes[1:]:
            if raw.startswith(prefix):
                return form.prefixes[0] + raw.removeprefix(prefix)
    return raw
