from typing import Any

from django.urls import re_path

from agents.blocks.api import BlockViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register("blocks", BlockViewSet, "blocks")
verbs: dict[str, Any] = {"post": "add", "delete": "remove"}
urlpatterns = [
    *router.urls,
    re_path(
        rf"^agents/(?P<agent_id>{REFERENCE})/block/?$", BlockViewSet.as_view(verbs, basename="blocks"), name="block"
    ),
]
