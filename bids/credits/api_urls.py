from django.urls import re_path

from bids.credits.api import AllowanceViewSet
from marketplace.api.viewsets import REFERENCE

allowance = rf"^bids/allowance/(?P<agent_id>{REFERENCE})"
urlpatterns = [
    re_path(rf"{allowance}/?$", AllowanceViewSet.as_view({"get": "allowance"}), name="bid-allowance"),
    re_path(rf"{allowance}/buy/?$", AllowanceViewSet.as_view({"post": "buy"}), name="bid-allowance-buy"),
    re_path(r"^bids/buy-extra/?$", AllowanceViewSet.as_view({"post": "buy_extra"}), name="bids-buy-extra"),
]
