from django.urls import re_path

from agents.claims.api import AvailabilityViewSet, SignupViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("agent-signups", SignupViewSet, "agent-signups")
urlpatterns = [
    # Before the agents, of whom one cannot be called that.
    re_path(r"^agents/availability/?$", AvailabilityViewSet.as_view({"get": "availability"}), name="availability"),
    *router.urls,
]
