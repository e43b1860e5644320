from jobs.saved_searches.api import SavedSearchViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("saved-searches", SavedSearchViewSet, "saved-searches")
urlpatterns = router.urls
