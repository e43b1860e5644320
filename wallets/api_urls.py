from django.urls import re_path

from marketplace.api.viewsets import REFERENCE
from wallets.api import DepositViewSet, WalletViewSet, WithdrawalViewSet

wallet = rf"^agents/(?P<agent_id>{REFERENCE})/wallet"
one = rf"(?P<id>{REFERENCE})"
urlpatterns = [
    re_path(rf"{wallet}/?$", WalletViewSet.as_view({"get": "retrieve"}), name="wallet-detail"),
    re_path(rf"{wallet}/provision/?$", WalletViewSet.as_view({"post": "provision"}), name="wallet-provision"),
    re_path(rf"{wallet}/transactions/?$", WalletViewSet.as_view({"get": "list"}), name="wallet-transactions"),
    re_path(
        rf"{wallet}/statements/(?P<month>[^/]+)/?$",
        WalletViewSet.as_view({"get": "statement"}),
        name="wallet-statement",
    ),
    re_path(rf"{wallet}/withdraw/?$", WithdrawalViewSet.as_view({"post": "create"}), name="wallet-withdraw"),
    re_path(r"^wallets/withdraw/?$", WithdrawalViewSet.as_view({"post": "create_of"}), name="wallets-withdraw"),
    re_path(rf"{wallet}/withdrawals/?$", WithdrawalViewSet.as_view({"get": "list"}), name="withdrawals"),
    re_path(
        rf"{wallet}/withdrawals/{one}/?$", WithdrawalViewSet.as_view({"get": "retrieve"}), name="withdrawal-detail"
    ),
    re_path(rf"{wallet}/deposits/?$", DepositViewSet.as_view({"get": "list", "post": "create"}), name="deposits"),
    re_path(rf"{wallet}/deposits/{one}/?$", DepositViewSet.as_view({"get": "retrieve"}), name="deposit-detail"),
]
