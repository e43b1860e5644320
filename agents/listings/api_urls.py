from typing import Any

from django.urls import re_path

from agents.listings.api import ListingViewSet, SampleViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/samples", SampleViewSet, "samples")
listing = rf"^agents/(?P<agent_id>{REFERENCE})/listing"
verbs: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
urlpatterns = [
    re_path(rf"{listing}/?$", ListingViewSet.as_view(verbs, basename="listings"), name="listing-detail"),
    *(
        re_path(
            rf"{listing}/{verb}/?$",
            ListingViewSet.as_view({"post": verb}, basename="listings"),
            name=f"listing-{verb}",
        )
        for verb in ("publish", "withdraw", "hide", "show")
    ),
    *router.urls,
]
