from django.urls import re_path

from jobs.drafts.api import DraftViewSet, JobCopyViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register("job-drafts", DraftViewSet, "job-drafts")
urlpatterns = [
    *router.urls,
    re_path(
        rf"^jobs/(?P<job_id>{REFERENCE})/duplicate/?$",
        JobCopyViewSet.as_view({"post": "duplicate"}),
        name="job-duplicate",
    ),
]
