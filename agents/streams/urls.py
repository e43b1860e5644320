from django.urls import path

from agents.streams import views

urlpatterns = [path("live/badge/", views.badge, name="live_badge")]
