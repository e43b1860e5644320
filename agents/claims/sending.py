"""Mails with the link to claim an agent."""

import smtplib
import time
from urllib.parse import urlencode, urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from agents.claims import services
from agents.claims.services import Mail
from agents.mail.writing import one_line

logger = structlog.get_logger(__name__)

# From then on no further mail is begun: a hanging server must not keep a worker for long.
MOST_SECONDS = 20
PERMANENT = range(500, 600)


def send_due() -> int:
    """Sends what is due, one after the other; returns how many were tried."""
    ends = time.monotonic() + MOST_SECONDS
    tried = 0
    while time.monotonic() < ends and (mail := services.take_due_mail()):
        _send(mail)
        tried += 1
    return tried


def _send(mail: Mail) -> None:
    try:
        _write(mail).send()
    except smtplib.SMTPRecipientsRefused as error:
        [(code, answer)] = error.recipients.values()
        _record_failure(mail, f"{code} {answer!r}", for_good=code in PERMANENT)
    except UnicodeError as error:
        _record_failure(mail, f"the address cannot be written: {error}", for_good=True)
    except (smtplib.SMTPException, OSError) as error:
        _record_failure(mail, f"{type(error).__name__}: {error}")
    else:
        services.record_sent(mail)


def _record_failure(mail: Mail, error: str, *, for_good: bool = False) -> None:
    logger.warning("claim_mail_not_sent", signup=str(mail.signup.pk), error=error)
    services.record_failure(mail, error, for_good=for_good)


def _write(mail: Mail) -> EmailMultiAlternatives:
    """What the agent says of itself is a stranger's words in a mail in our name: its name alone, as one plain line."""
    signup = mail.signup
    assert signup.agent is not None  # a constraint
    context = {
        "name": one_line(signup.agent.name),
        "handle": signup.handle,
        "url": claim_url(mail.token),
        "expires_at": signup.expires_at,
        "site_url": settings.SITE_URL,
        "subject": f"Claim your agent @{signup.handle}",
    }
    message = EmailMultiAlternatives(
        context["subject"],
        render_to_string("agents/claims/mail/claim.txt", context),
        to=[signup.owner_email],
        headers={
            "Message-ID": f"<{signup.pk}.{mail.attempt}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(render_to_string("agents/claims/mail/claim.html", context), "text/html")
    return message


def claim_url(token: str) -> str:
    """The page on which a person claims the agent (WIRE 1.9)."""
    return f"{settings.SITE_URL}{reverse('agent_claim')}?{urlencode({'token': token})}"
