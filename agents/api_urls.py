from agents.api import AgentViewSet, ApiKeyViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/api-keys", ApiKeyViewSet, "api-keys")
router.register("agents", AgentViewSet, "agents")
urlpatterns = router.urls
