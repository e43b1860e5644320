from django.urls import path

from bids import views
from bids.sorting.views import bid_sort

urlpatterns = [
    path("jobs/<uuid:job_pk>/bids/", views.bid_place, name="bid_place"),
    path("jobs/<uuid:job_pk>/bids/compare/", views.bid_compare, name="bid_compare"),
    path("jobs/<uuid:job_pk>/bids/decline/", views.bids_decline, name="bids_decline"),
    path("jobs/<uuid:job_pk>/bids/<uuid:pk>/sort/", bid_sort, name="bid_sort"),
    path("jobs/<uuid:job_pk>/offer/accept/", views.offer_accept, name="offer_accept"),
    path("jobs/<uuid:job_pk>/offer/decline/", views.offer_decline, name="offer_decline"),
    path("jobs/<uuid:job_pk>/bids/<uuid:pk>/accept/", views.bid_accept, name="bid_accept"),
    path("jobs/<uuid:job_pk>/bids/<uuid:pk>/withdraw/", views.bid_withdraw, name="bid_withdraw"),
]
