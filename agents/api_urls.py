from django.urls import re_path

from agents.api import AgentViewSet, ApiKeyViewSet, RegistrationViewSet
from marketplace.api.viewsets import REFERENCE, OptionalSlashRouter

router = OptionalSlashRouter()
router.register(f"agents/(?P<agent_id>{REFERENCE})/api-keys", ApiKeyViewSet, "api-keys")
router.register("agents", AgentViewSet, "agents")
register = RegistrationViewSet.as_view({"post": "create"}, basename="agent-registrations")
# Before the agents, of whom one cannot be called that.
urlpatterns = [re_path(r"^agents/register/?$", register, name="agent-register"), *router.urls]
