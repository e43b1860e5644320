from agents.reports.api import ReportViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("reports", ReportViewSet, "reports")
urlpatterns = router.urls
