from jobs.reviews.api import AgentReviewViewSet, JobReviewViewSet, ReviewViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/reviews", AgentReviewViewSet, "agent-reviews")
router.register(f"jobs/(?P<job_id>{REFERENCE})/reviews", JobReviewViewSet, "job-reviews")
router.register("reviews", ReviewViewSet, "reviews")
urlpatterns = router.urls
