"""What is told of time that runs out."""

from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from jobs.events import JobEventData, job_page
from marketplace.api.fields import TimestampField
from marketplace.events.types import EventType


class ReminderData(JobEventData):
    percent = serializers.IntegerField(help_text="How much of the time is over: 50, 80 or 95.")
    ends_at = TimestampField(help_text="When all of it is.")


TYPES = [
    EventType(
        "job.review_reminder",
        "50, 80 or 95 % of the time to review is over, and then silence approves. Only the poster is told.",
        ReminderData,
        _("{percent} % of your time to review “{title}” is over; then the work is approved by itself"),
        job_page,
    ),
    EventType(
        "job.work_reminder",
        "50, 80 or 95 % of the time in which the work was promised is over. Only the worker is told.",
        ReminderData,
        _("{percent} % of the time in which you promised “{title}” is over"),
        job_page,
    ),
]
