from django.urls import path

from bids.credits import views

urlpatterns = [path("agents/<slug:handle>/bids-left/", views.bid_credits, name="bid_credits")]
