"""Letters to the mail server, a batch over one connection."""

import smtplib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from agents.mail import services
from agents.mail.services import Claim
from agents.mail.writing import NotWanted, Writer

logger = structlog.get_logger(__name__)

# From then on no further letter is begun: the lease must outlast one that has, with a time-out at each of its steps.
MOST_SECONDS = 20
PERMANENT = range(500, 600)


def send_due() -> int:
    """Sends what is due, a batch at a time, for MOST_SECONDS; returns how many letters it claimed."""
    ends = time.monotonic() + MOST_SECONDS
    claimed = 0
    while time.monotonic() < ends and (claims := services.claim_due()):
        send(claims)
        claimed += len(claims)
    return claimed


def send(claims: Sequence[Claim]) -> None:
    """Sends each and records what came of it, at once, so that a crash leaves one at most in doubt."""
    began = time.monotonic()
    writer = Writer([claim.letter for claim in claims])
    with _connection() as server:
        for position, claim in enumerate(claims):
            if time.monotonic() - began > MOST_SECONDS:
                services.give_back(claims[position:])
                return
            if message := _write(writer, claim):
                _send_one(server, claim, message)


def _write(writer: Writer, claim: Claim) -> EmailMessage | None:
    """The mail; None, once that is recorded, if there is none."""
    try:
        return writer.write(claim.letter)
    except NotWanted as reason:
        services.drop(claim, str(reason))
    except Exception as error:
        logger.exception("mail_not_written", letter=str(claim.letter.pk))
        services.record_failure(claim, "", f"{type(error).__name__}: {error}")
    return None


@contextmanager
def _connection() -> Iterator[BaseEmailBackend]:
    """Opened by the first letter, closed at the end; that the server is gone by then is no matter."""
    server = get_connection()
    try:
        yield server
    finally:
        _close(server)


def _send_one(server: BaseEmailBackend, claim: Claim, message: EmailMessage) -> None:
    [address] = message.to
    try:
        server.open()
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        [(code, answer)] = error.recipients.values()
        _record_answer(claim, address, code, answer, of_address=True)
    except smtplib.SMTPDataError as error:
        _record_answer(claim, address, error.smtp_code, error.smtp_error, of_address=False)
        _close(server)
    except UnicodeError as error:
        services.record_refusal(claim, address, f"the address cannot be written: {error}", of_address=True)
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("mail_not_sent", letter=str(claim.letter.pk), error=str(error))
        services.record_failure(claim, address, f"{type(error).__name__}: {error}")
        _close(server)
    else:
        services.record_sent(claim, address)


def _record_answer(claim: Claim, address: str, code: int, answer: bytes | str, *, of_address: bool) -> None:
    """What the server refused, for good or for now (RFC 5321, 4.2.1: 5yz and 4yz)."""
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    reason = f"{code} {words}"
    logger.info("mail_refused", letter=str(claim.letter.pk), reason=reason)
    if code in PERMANENT:
        # X.7.z is about us, not about the address (RFC 3463, 3.8).
        services.record_refusal(claim, address, reason, of_address=of_address and "5.7." not in words)
    else:
        services.record_failure(claim, address, reason)


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (smtplib.SMTPException, OSError) as error:
        logger.info("mail_server_gone", error=str(error))
