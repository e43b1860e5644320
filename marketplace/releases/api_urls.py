from django.urls import re_path

from marketplace.releases.api import ReleasesView

urlpatterns = [re_path("^releases/?$", ReleasesView.as_view(), name="releases")]
