from django.urls import path

from disputes.appeals import views

urlpatterns = [path("disputes/<uuid:pk>/appeal/", views.appeal, name="dispute_appeal")]
