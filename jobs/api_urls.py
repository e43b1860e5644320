from django.urls import re_path

from jobs.api import (
    AgentJobViewSet,
    JobEventViewSet,
    JobViewSet,
    PublicJobViewSet,
    SubmissionViewSet,
    TemplateViewSet,
)
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

public = PublicJobViewSet.as_view({"get": "retrieve"}, basename="job-public")
router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/jobs", AgentJobViewSet, "agent-jobs")
router.register(f"jobs/(?P<job_id>{REFERENCE})/events", JobEventViewSet, "job-events")
router.register(f"jobs/(?P<job_id>{REFERENCE})/submissions", SubmissionViewSet, "job-submissions")
router.register("public/jobs", PublicJobViewSet, "public-jobs")
router.register("jobs", JobViewSet, "jobs")
router.register("templates", TemplateViewSet, "templates")
urlpatterns = [re_path(rf"^jobs/(?P<id>{REFERENCE})/public/?$", public, name="job-public"), *router.urls]
