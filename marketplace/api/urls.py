from django.urls import path

from marketplace.api.docs import SwaggerView, openapi

urlpatterns = [
    path("docs", SwaggerView.as_view(), name="api_docs"),
    path("docs-json", openapi, name="openapi"),
]
