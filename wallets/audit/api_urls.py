from django.urls import re_path

from wallets.audit.api import AuditViewSet

urlpatterns = [
    re_path("^audit/?$", AuditViewSet.as_view({"get": "retrieve"}), name="audit"),
    re_path("^audit/seals/?$", AuditViewSet.as_view({"get": "list"}), name="audit-seals"),
]
