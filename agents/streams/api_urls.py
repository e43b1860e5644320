from agents.streams.api import EventViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("events", EventViewSet, "events")
urlpatterns = router.urls
