"""Looking at the books: every promise, one after the other, and a report of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone

from wallets.audit.checks import Finding, Outcome, registered
from wallets.audit.models import AuditReport
from wallets.models import Entry

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Audit:
    """What one look at the books found."""

    started_at: datetime
    finished_at: datetime
    entries: int
    outcomes: list[Outcome]

    @property
    def finding_count(self) -> int:
        return sum(outcome.count for outcome in self.outcomes)

    @property
    def findings(self) -> list[Finding]:
        """The first of each check."""
        return [finding for outcome in self.outcomes for finding in outcome.findings]

    @property
    def sound(self) -> bool:
        return self.finding_count == 0


def audit_books(*, record: bool = True, before_each: Callable[[str], object] = lambda name: None) -> Audit:
    """Looks at every promise, each in a snapshot of its own, and writes an AuditReport unless `record` is off.

    `before_each` is told the name of each check before it begins. Logs an error when the books are not sound.
    """
    started_at = timezone.now()
    outcomes = []
    for promise in registered():
        before_each(promise.name)
        outcomes.append(promise.look())
    audit = Audit(started_at, timezone.now(), Entry.objects.count(), outcomes)
    if not audit.sound:
        broken = [outcome.check for outcome in outcomes if outcome.count]
        logger.error("books_not_sound", findings=audit.finding_count, checks=broken)
    if record:
        _record(audit)
    return audit


def audit_if_due() -> Audit | None:
    """Audits unless the books were looked at within AUDIT_SECONDS; None if they were."""
    recent = AuditReport.objects.filter(started_at__gt=timezone.now() - timedelta(seconds=settings.AUDIT_SECONDS))
    return None if recent.exists() else audit_books()


def _record(audit: Audit) -> AuditReport:
    return AuditReport.objects.create(
        started_at=audit.started_at,
        finished_at=audit.finished_at,
        entries=audit.entries,
        checks=len(audit.outcomes),
        finding_count=audit.finding_count,
        findings=[asdict(finding) for finding in audit.findings],
    )
