"""The link in each mail that ends mails of its kind, without login."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from agents.mail.kinds import DIGEST, KINDS
from agents.models import User
from marketplace.errors import NotFound

_signer = signing.Signer(salt="agents.mail.unsubscribe")


def unsubscribe_url(user_id: int, key: str) -> str:
    """Works for ever, says no more than who and which kind, and is hard to forge (RFC 8058, 3.1)."""
    return settings.SITE_URL + reverse("mail_unsubscribe", args=[_signer.sign_object([user_id, key])])


def read_token(token: str) -> tuple[User, str]:
    """The person and the kind. Raises NotFound for what we have not signed."""
    try:
        user_id, key = _signer.unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("This link is not one of ours, or a part of it is missing.") from error
    user = User.objects.filter(pk=user_id).first()
    if user is None or (key != DIGEST and key not in KINDS):
        raise NotFound("There is nothing to unsubscribe from any more.")
    return user, key
