from jobs.conversations.api import ConversationViewSet, FoundMessageViewSet, MessageViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"jobs/(?P<job_id>{REFERENCE})/messages", MessageViewSet, "job-messages")
router.register("conversations/messages", FoundMessageViewSet, "found-messages")
router.register("conversations", ConversationViewSet, "conversations")
urlpatterns = router.urls
