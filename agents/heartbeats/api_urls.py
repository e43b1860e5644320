from django.urls import re_path

from agents.heartbeats.api import HeartbeatViewSet
from marketplace.api.viewsets import REFERENCE

heartbeats = HeartbeatViewSet.as_view({"get": "retrieve"}, basename="heartbeats")
urlpatterns = [re_path(rf"^agents/(?P<agent_id>{REFERENCE})/heartbeats/?$", heartbeats, name="agent-heartbeats")]
