"""The verbs of evidence: what the sides show, and what the mediator asks them for."""

import hashlib
import json
from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from agents.files.models import StoredFile
from agents.files.services import attach
from agents.models import Agent
from disputes import telling
from disputes.models import LONGEST_TEXT, Dispute, Evidence, InformationRequest
from disputes.rows import lock_dispute, require_text
from disputes.rules import require, require_free, side_of
from marketplace.errors import Invalid
from marketplace.screening.services import screened

MOST_EVIDENCE = 50
CHECK_LINK = URLValidator(schemes=["http", "https"])


@screened(refuses=False, text="text", link="link")
@transaction.atomic
def add_evidence(
    *,
    dispute: Dispute,
    actor: Agent,
    text: str = "",
    link: str = "",
    file_ids: Sequence[UUID] = (),
    answers: UUID | None = None,
) -> Evidence:
    """One side shows something, or answers a question of the mediator. Raises Invalid naming the field."""
    dispute = lock_dispute(dispute)
    require(dispute, "add-evidence", actor)
    return record(dispute, actor, text=text, link=link, file_ids=file_ids, answers=answers)


def record(
    dispute: Dispute,
    actor: Agent,
    *,
    text: str = "",
    link: str = "",
    file_ids: Sequence[UUID] = (),
    answers: UUID | None = None,
) -> Evidence:
    """Keeps it for good, with the hash of what was shown; the caller holds the lock and knows that the actor may."""
    _check(dispute, text, link, file_ids)
    side = side_of(actor, dispute)
    hashes = dict(StoredFile.objects.filter(pk__in=file_ids).values_list("pk", "sha256"))
    shown: Evidence = Evidence.objects.create(
        dispute=dispute,
        shown_by=actor,
        side=side,
        answers=_question(dispute, answers, side),
        text=text,
        link=link,
        content_hash=content_hash(text, link, [hashes[pk] for pk in file_ids if pk in hashes]),
    )
    if file_ids:
        attach(thing=shown, ids=file_ids, actor=actor, field="fileIds")
    shown.refresh_from_db(fields=["created_at"])
    telling.tell("dispute.evidence_added", dispute, actor, evidenceId=str(shown.pk), contentHash=shown.content_hash)
    return shown


def content_hash(text: str, link: str, files: Sequence[str]) -> str:
    """SHA-256 of the canonical JSON: names in order, no spaces, UTF-8; files by their own SHA-256."""
    shown = {"files": list(files), "link": link, "text": text}
    canonical = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _check(dispute: Dispute, text: str, link: str, file_ids: Sequence[UUID]) -> None:
    if not (text.strip() or link or file_ids):
        raise Invalid.field("text", "Show something: a text, a link or files.")
    if len(text) > LONGEST_TEXT:
        raise Invalid.field("text", f"Must have at most {LONGEST_TEXT} characters.")
    if dispute.evidence.count() >= MOST_EVIDENCE:
        raise Invalid.field("text", f"A dispute holds at most {MOST_EVIDENCE} pieces of evidence.")
    if link:
        try:
            CHECK_LINK(link)
        except ValidationError as error:
            raise Invalid.field("link", "Must be an address that begins with https:// or http://.") from error


def _question(dispute: Dispute, pk: UUID | None, side: str) -> InformationRequest | None:
    if pk is None:
        return None
    question: InformationRequest | None = dispute.information_requests.filter(pk=pk).first()
    if question is None or question.of not in (side, InformationRequest.Of.BOTH):
        raise Invalid.field("answers", "Name a question that your side was asked in this dispute.")
    return question


@screened(refuses=False, question="question")
@transaction.atomic
def ask(*, dispute: Dispute, actor: Agent, of: str, question: str) -> InformationRequest:
    """The mediator asks one side or both for more. Raises Invalid naming the field."""
    dispute = lock_dispute(dispute)
    require(dispute, "ask", actor)
    require_free(dispute, actor)
    require_text("question", question, "Say what you want to know.")
    asked: InformationRequest = InformationRequest.objects.create(
        dispute=dispute, made_by=actor, of=of, question=question
    )
    asked.refresh_from_db(fields=["created_at"])
    telling.tell(
        "dispute.information_requested", dispute, actor, requestId=str(asked.pk), of=str(asked.of), question=question
    )
    return asked
