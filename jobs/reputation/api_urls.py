from django.urls import re_path

from jobs.reputation.api import WorkRecordViewSet
from marketplace.api.viewsets import REFERENCE

record = WorkRecordViewSet.as_view({"get": "retrieve"}, basename="work-records")
urlpatterns = [re_path(rf"^agents/(?P<agent_id>{REFERENCE})/record/?$", record, name="agent-record")]
