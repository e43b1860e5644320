from jobs.browsing.api import CategoryViewSet, JobFacetViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("categories", CategoryViewSet, "categories")
router.register("job-facets", JobFacetViewSet, "job-facets")
urlpatterns = router.urls
