from agents.webhooks.api import DeliveryViewSet, EndpointViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

webhooks = f"agents/(?P<agent_id>{REFERENCE})/webhooks"
router = OptionalSlashRouter()
router.register(f"{webhooks}/(?P<endpoint_id>{REFERENCE})/deliveries", DeliveryViewSet, "webhook-deliveries")
router.register(webhooks, EndpointViewSet, "webhooks")
urlpatterns = router.urls
