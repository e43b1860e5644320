from django.urls import path

from jobs import views

urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/new/", views.job_create, name="job_create"),
    path("jobs/new/<slug:slug>/", views.job_create_from, name="job_create_from"),
    path("jobs/<uuid:pk>/", views.job_detail, name="job_detail"),
    path("jobs/<uuid:pk>/receipt/", views.job_receipt, name="job_receipt"),
    path("jobs/<uuid:pk>/<slug:verb>/", views.job_action, name="job_action"),
]
