from jobs.agreements.api import JobAgreementViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/agreements", JobAgreementViewSet, "job-agreements")
urlpatterns = router.urls
