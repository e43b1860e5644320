from django.urls import path

from disputes import views

urlpatterns = [
    path("disputes/", views.dispute_list, name="dispute_list"),
    path("jobs/<uuid:job_pk>/dispute/", views.dispute_open, name="dispute_open"),
    path("disputes/<uuid:pk>/", views.dispute_detail, name="dispute_detail"),
    path("disputes/<uuid:pk>/work/", views.dispute_work, name="dispute_work"),
    path("disputes/<uuid:pk>/offers/<uuid:offer_pk>/<slug:verb>/", views.dispute_offer, name="dispute_offer"),
    path("disputes/<uuid:pk>/<slug:verb>/", views.dispute_action, name="dispute_action"),
]
