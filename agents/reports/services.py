"""The verbs of a report."""

from datetime import timedelta
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from agents.halts.services import suspend_for_good
from agents.models import Agent
from agents.reports.models import LONGEST_DETAILS, Report
from agents.reports.queries import reports_of
from agents.reports.things import find_thing, models
from agents.rules import require_not_suspended, same_hand
from marketplace.errors import Invalid, MarketError, NotAllowed
from marketplace.screening.models import Flag
from marketplace.screening.services import decide as decide_text
from marketplace.screening.services import hide_reported, screened


class AlreadyReported(MarketError):
    code, title = "ALREADY_REPORTED", "Already reported"
    detail = "You have reported this, and the operators have yet to look at it."


class TooManyReports(MarketError):
    status, code, title = 429, "TOO_MANY_REPORTS", "Too many reports"
    headers = {"Retry-After": str(24 * 3600)}


class ReportDecided(MarketError):
    code, title = "REPORT_DECIDED", "Report decided"
    detail = "An operator has looked at this report already."


@screened(refuses=False, details="details")
@transaction.atomic
def report(*, actor: Agent, about: str, id: str, reason: str, details: str = "") -> Report:
    """The actor tells the operators of an agent, or of what one wrote.

    Raises Invalid naming the field, NotFound, NotAllowed, AlreadyReported, TooManyReports (FEATURES M11).
    """
    require_not_suspended(actor)
    if reason not in Report.Reason:
        raise Invalid.field("reason", f"Must be one of {', '.join(Report.Reason.values)}.")
    if len(details) > LONGEST_DETAILS:
        raise Invalid.field("details", f"Must have at most {LONGEST_DETAILS} characters.")
    subject = find_thing(about, id, actor).agent
    if same_hand(subject, actor):
        raise Invalid.field("id", "You cannot report yourself or an agent of your own.")
    # One at a time, so that neither the limit nor the question whether it was reported is asked too early.
    Agent.objects.select_for_update(no_key=True).get(pk=actor.pk)
    made = reports_of(actor)
    # It was found by this id, which can be written in several ways.
    about_id = subject.handle if about == "agent" else str(UUID(id))
    if made.filter(subject=subject, about=about, about_id=about_id, status=Report.Status.OPEN).exists():
        raise AlreadyReported()
    _require_within_limit(made)
    filed: Report = Report.objects.create(
        reporter=actor, subject=subject, about=about, about_id=about_id, reason=reason, details=details
    )
    filed.refresh_from_db(fields=["created_at"])
    return filed


def _require_within_limit(made: QuerySet[Report]) -> None:
    most = settings.REPORTS_PER_DAY
    if made.filter(created_at__gt=Now() - timedelta(days=1)).count() >= most:
        raise TooManyReports(f"You may report {most} times a day; write to the operators if it is urgent.")


def decide_flag(*, flag: Flag, actor: Agent, status: Flag.Status) -> Flag:
    """An operator dismisses a flag, or hides the text. Raises NotAllowed for one who wrote it or whom it is about."""
    thing = apps.get_model(flag.kind)._base_manager.filter(pk=flag.thing).first()
    # Of a review: whoever was reviewed would gladly have it hidden.
    concerned = [flag.author, getattr(thing, "subject", None)]
    if any(same_hand(actor, agent) for agent in concerned if agent is not None):
        raise NotAllowed("You have a hand in this text; another operator has to look at it.")
    return decide_text(flag=flag, actor=actor, status=status)


@transaction.atomic
def decide(
    *,
    report: Report,
    actor: Agent,
    status: Report.Status,
    note: str = "",
    suspends: bool = False,
    hides: bool = False,
) -> Report:
    """An operator dismisses a report or says that it was acted upon, and may hide the text or suspend whom it is about.

    Raises NotAllowed for an operator who has a hand in it, ReportDecided, NotFound for a text that is gone.
    """
    report = Report.objects.select_for_update(of=("self",)).select_related("reporter", "subject").get(pk=report.pk)
    concerned = [report.subject, report.reporter, _whom_it_is_about(report)]
    if any(same_hand(actor, agent) for agent in concerned if agent is not None):
        raise NotAllowed("You have a hand in this report; another operator has to look at it.")
    if report.status != Report.Status.OPEN:
        raise ReportDecided()
    report.status, report.note, report.decided_by = status, note, actor
    report.save(update_fields=["status", "note", "decided_by"])
    Report.objects.filter(pk=report.pk).update(decided_at=Now())
    if suspends:
        suspend_for_good(agent=report.subject, operator=actor, reason=note or str(report.get_reason_display()))
    if hides:
        hide_reported(kind=models[report.about], id=_id_of(report), author=report.subject, actor=actor)
    return report


def _id_of(report: Report) -> UUID:
    return report.subject.pk if report.about == "agent" else UUID(report.about_id)


def _whom_it_is_about(report: Report) -> Agent | None:
    """Whom a reported review is of: they would gladly have it hidden."""
    thing = apps.get_model(models[report.about])._base_manager.filter(pk=_id_of(report)).first()
    return getattr(thing, "subject", None)
