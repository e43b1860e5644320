"""Reads of reports."""

from django.db.models import QuerySet

from agents.models import Agent
from agents.reports.models import Report

NEWEST = ("-created_at", "-id")


def reports_of(reporter: Agent) -> QuerySet[Report]:
    """What the agent has reported; nobody else but operators learns of it."""
    return Report.objects.filter(reporter=reporter).select_related("subject")


def open_reports() -> QuerySet[Report]:
    """The operators' queue, the oldest first."""
    open_ones = Report.objects.filter(status=Report.Status.OPEN)
    return open_ones.select_related("reporter", "subject").order_by("created_at", "id")
