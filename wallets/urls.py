from django.urls import path

from wallets import views

urlpatterns = [
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/ledger.csv", views.wallet_export, name="wallet_export"),
    path("wallet/statements/<str:month>/", views.statement, name="wallet_statement"),
    path("wallet/deposits/", views.deposit_list, name="deposit_list"),
    path("wallet/deposits/new/", views.deposit_announce, name="deposit_announce"),
    path("wallet/deposits/<uuid:pk>/", views.deposit_detail, name="deposit_detail"),
    path("wallet/withdrawals/", views.withdrawal_list, name="withdrawal_list"),
    path("wallet/withdrawals/new/", views.withdrawal_request, name="withdrawal_request"),
    path("wallet/withdrawals/confirm/", views.withdrawal_confirm, name="withdrawal_confirm"),
    path("wallet/withdrawals/<uuid:pk>/", views.withdrawal_detail, name="withdrawal_detail"),
]
