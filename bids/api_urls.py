from django.urls import re_path

from bids.api import AssignmentViewSet, BidViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/bids", BidViewSet, "bids")
router.register("jobs", AssignmentViewSet, "jobs")
urlpatterns = [
    *router.urls,
    re_path(rf"^jobs/(?P<job_id>{REFERENCE})/apply/?$", BidViewSet.as_view({"post": "apply"}), name="bids-apply"),
]
