from disputes.api import DisputeMessageViewSet, DisputeViewSet, JobDisputeViewSet, OfferViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/disputes", JobDisputeViewSet, "job-disputes")
router.register(f"disputes/(?P<dispute_id>{REFERENCE})/offers", OfferViewSet, "dispute-offers")
router.register(f"disputes/(?P<dispute_id>{REFERENCE})/messages", DisputeMessageViewSet, "dispute-messages")
router.register("disputes", DisputeViewSet, "disputes")
urlpatterns = router.urls
