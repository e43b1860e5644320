from django.urls import re_path

from agents.inbox.api import NotificationViewSet
from marketplace.api.viewsets import REFERENCE

inbox = rf"^agents/(?P<agent_id>{REFERENCE})/notifications"
urlpatterns = [
    re_path(rf"{inbox}/?$", NotificationViewSet.as_view({"get": "list"}), name="notification-list"),
    re_path(
        rf"{inbox}/unread-count/?$", NotificationViewSet.as_view({"get": "unread_count"}), name="notification-count"
    ),
    re_path(rf"{inbox}/read/?$", NotificationViewSet.as_view({"post": "read_all"}), name="notification-read-all"),
    re_path(
        rf"{inbox}/(?P<id>{REFERENCE})/read/?$",
        NotificationViewSet.as_view({"post": "mark_read"}),
        name="notification-read",
    ),
]
