from django.urls import re_path

from marketplace.accounts.api import ClosingViewSet, ExportViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("account/exports", ExportViewSet, "account-exports")
closing = ClosingViewSet.as_view({"get": "retrieve", "post": "create"}, basename="account-closing")
urlpatterns = [re_path(r"^account/closing/?$", closing, name="account-closing"), *router.urls]
