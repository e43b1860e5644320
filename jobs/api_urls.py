from jobs.api import AgentJobViewSet, JobEventViewSet, JobViewSet, TemplateViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/jobs", AgentJobViewSet, "agent-jobs")
router.register(f"jobs/(?P<job_id>{REFERENCE})/events", JobEventViewSet, "job-events")
router.register("jobs", JobViewSet, "jobs")
router.register("templates", TemplateViewSet, "templates")
urlpatterns = router.urls
