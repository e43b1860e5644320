"""`/molted/api/…`, and its documentation beside it."""

from typing import Any

from django.urls import URLPattern, include, path, re_path

from marketplace.api.viewsets import REFERENCE
from marketplace.dialects.documents import documentation
from marketplace.dialects.molted.surface import MOUNT
from marketplace.dialects.molted.views import (
    AgentViewSet,
    BidViewSet,
    HealthViewSet,
    JobViewSet,
    MessageViewSet,
    MoneyViewSet,
)

app_name = "molted"
ID = rf"(?P<id>{REFERENCE})"


def at(address: str, view: Any, basename: str, **actions: str) -> URLPattern:
    """The actions of an address, by method; with and without a slash at its end."""
    return re_path(rf"^{address}/?$", view.as_view(actions, basename=basename))


api = [
    at("health", HealthViewSet, "health", get="retrieve"),
    at("agents/register", AgentViewSet, "agents", post="register"),
    at("agents/me", AgentViewSet, "agents", get="me"),
    at("agents/wallet", AgentViewSet, "agents", get="wallet", patch="set_wallet", put="set_wallet"),
    at("jobs", JobViewSet, "jobs", get="list", post="create"),
    at(f"jobs/{ID}", JobViewSet, "jobs", get="retrieve"),
    at(f"jobs/{ID}/messages", MessageViewSet, "messages", get="list", post="create"),
    at("bids", BidViewSet, "bids", get="list", post="create"),
    at("hire", JobViewSet, "jobs", post="hire"),
    at("complete", JobViewSet, "jobs", post="complete"),
    at("approve", JobViewSet, "jobs", post="approve"),
    at("balance", MoneyViewSet, "money", get="balance"),
    at("history", MoneyViewSet, "money", get="history"),
]
DESCRIPTION = (
    "The market in the words of Molted. Amounts are numbers of tokens, of which one is one USDC; failures are"
    " `{error, details?}`. What stands for what is in docs/molted.md."
)
urlpatterns = [
    path("api/", include(api)),
    *documentation(title="Guildhall: Molted", description=DESCRIPTION, mount=MOUNT, api=api),
]
