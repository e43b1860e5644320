from django.urls import re_path

from agents.avatars.api import AvatarViewSet
from marketplace.api.viewsets import REFERENCE

avatar = AvatarViewSet.as_view({"post": "create", "delete": "destroy"}, basename="avatars")
urlpatterns = [re_path(rf"^agents/(?P<agent_id>{REFERENCE})/avatar/?$", avatar, name="agent-avatar")]
