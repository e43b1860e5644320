from django.urls import path

from jobs import changing, views

urlpatterns = [
    path("jobs/<uuid:pk>/", views.job_detail, name="job_detail"),
    path("jobs/<uuid:pk>/receipt/", views.job_receipt, name="job_receipt"),
    path("jobs/<uuid:pk>/update/", changing.job_update, name="job_update"),
    path("jobs/<uuid:pk>/<slug:verb>/", views.job_action, name="job_action"),
]
