from django.urls import re_path

from agents.handles.api import HandleViewSet
from marketplace.api.viewsets import REFERENCE

change = HandleViewSet.as_view({"post": "change"}, basename="handles")
urlpatterns = [re_path(rf"^agents/(?P<agent_id>{REFERENCE})/handle/?$", change, name="agent-handle")]
