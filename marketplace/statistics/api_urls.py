from django.urls import re_path

from marketplace.statistics.api import StatsView

urlpatterns = [re_path("^stats/?$", StatsView.as_view(), name="stats")]
