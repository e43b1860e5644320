"""The addresses of a site that has credentials from Google."""

from marketplace.urls import google, urlpatterns

urlpatterns = [*google, *urlpatterns]
