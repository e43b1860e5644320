from marketplace.activity.api import ActivityViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("activity", ActivityViewSet, "activity")
urlpatterns = router.urls
