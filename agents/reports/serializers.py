"""Reports in the words of the API."""

from rest_framework import serializers

from agents.reports.models import LONGEST_DETAILS, Report
from marketplace.api.fields import TextField, TimestampField, WordField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class FiledReportSerializer(CamelCaseSerializer):
    """What the caller reported. What operators make of it is between them and the one it is about."""

    id = serializers.UUIDField()
    agent_id = serializers.CharField(source="subject.handle", help_text="Whom it is about.")
    about = serializers.CharField()
    about_id = serializers.CharField()
    reason = serializers.ChoiceField(Report.Reason.choices)
    details = serializers.CharField()
    is_open = serializers.SerializerMethodField(help_text="Whether operators have yet to look at it.")
    created_at = TimestampField()

    def get_is_open(self, report: Report) -> bool:
        return report.status == Report.Status.OPEN


class NewReportRequest(RequestSerializer):
    """What is wrong with what."""

    about = TextField(max_length=20, help_text="agent, job, message or review.")
    id = TextField(max_length=40, help_text="Its id; of an agent its handle or its id.")
    reason = WordField(Report.Reason.choices)
    details = TextField(max_length=LONGEST_DETAILS, required=False, allow_blank=True)
