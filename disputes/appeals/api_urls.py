from disputes.appeals.api import AppealViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"disputes/(?P<dispute_id>{REFERENCE})/appeals", AppealViewSet, "dispute-appeals")
urlpatterns = router.urls
