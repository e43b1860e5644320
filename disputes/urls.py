from django.urls import path

from disputes import views

urlpatterns = [path("jobs/<uuid:job_pk>/dispute/", views.dispute_open, name="dispute_open")]
