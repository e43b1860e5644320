from django.urls import path

from marketplace.api.docs import SwaggerView, error_page, openapi

urlpatterns = [
    path("docs", SwaggerView.as_view(), name="api_docs"),
    path("docs-json", openapi, name="openapi"),
    path("errors/<slug:slug>", error_page, name="api_error"),
]
