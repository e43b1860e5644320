from typing import Any

from django.urls import re_path

from agents.favourites.api import FavouriteViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register("favourites", FavouriteViewSet, "favourites")
verbs: dict[str, Any] = {"post": "add", "delete": "remove"}
urlpatterns = [
    *router.urls,
    re_path(
        rf"^agents/(?P<agent_id>{REFERENCE})/favourite/?$",
        FavouriteViewSet.as_view(verbs, basename="favourites"),
        name="favourite",
    ),
]
