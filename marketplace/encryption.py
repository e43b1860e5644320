"""Secrets at rest that must be read again: encrypted with keys derived from SECRET_KEY.

SECRET_KEY_FALLBACKS still decrypt, so the key can be rotated.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def encrypt(plain: bytes) -> bytes:
    """Authenticated ciphertext, as URL-safe text."""
    return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(plain)


def decrypt(encrypted: bytes) -> bytes:
    """What was encrypted. Raises cryptography.fernet.InvalidToken when it was altered or the key is gone."""
    return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).decrypt(encrypted)


@lru_cache(maxsize=8)
def _cipher(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"guildhall encryption at rest")
    return urlsafe_b64encode(key.derive(secret.encode()))
