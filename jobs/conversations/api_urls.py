from jobs.conversations.api import MessageViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/messages", MessageViewSet, "job-messages")
urlpatterns = router.urls
