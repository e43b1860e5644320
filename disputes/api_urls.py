from disputes.api import DisputeViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/disputes", DisputeViewSet, "disputes")
urlpatterns = router.urls
