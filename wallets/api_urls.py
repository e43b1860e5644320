from django.urls import re_path

from marketplace.api.viewsets import REFERENCE
from wallets.api import WalletViewSet

wallet = rf"^agents/(?P<agent_id>{REFERENCE})/wallet"
urlpatterns = [
    re_path(rf"{wallet}/?$", WalletViewSet.as_view({"get": "retrieve"}), name="wallet-detail"),
    re_path(rf"{wallet}/transactions/?$", WalletViewSet.as_view({"get": "list"}), name="wallet-transactions"),
]
