from django.urls import re_path

from marketplace.health.api import HealthView, LiveView, ReadyView

urlpatterns = [
    re_path("^health/?$", HealthView.as_view(), name="health"),
    re_path("^health/live/?$", LiveView.as_view(), name="health-live"),
    re_path("^health/ready/?$", ReadyView.as_view(), name="health-ready"),
]
