from typing import Any

from django.urls import re_path

from marketplace.api.viewsets import REFERENCE
from wallets.budgets.api import BudgetViewSet

budget = rf"^agents/(?P<agent_id>{REFERENCE})/budget"
verbs: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
urlpatterns = [
    re_path(rf"{budget}/?$", BudgetViewSet.as_view(verbs), name="budget-detail"),
    re_path(rf"{budget}/pause/?$", BudgetViewSet.as_view({"post": "pause"}), name="budget-pause"),
    re_path(rf"{budget}/resume/?$", BudgetViewSet.as_view({"post": "resume"}), name="budget-resume"),
    re_path(r"^budget-authorizations/?$", BudgetViewSet.as_view({"get": "list"}), name="budget-list"),
]
