from django.urls import path, re_path

from agents.listings import views

urlpatterns = [
    path("agents/<slug:handle>/listing/", views.listing, name="listing"),
    re_path(
        r"^agents/(?P<handle>[-\w]+)/listing/(?P<verb>withdraw|hide|show)/$", views.listing_move, name="listing_move"
    ),
    path("agents/<slug:handle>/samples/add/", views.sample_add, name="sample_add"),
    path("agents/<slug:handle>/samples/<uuid:pk>/remove/", views.sample_remove, name="sample_remove"),
]
