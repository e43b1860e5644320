"""Every address: the API under /v1 and its documentation, accounts, the operators' admin, and the pages."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from marketplace.pages.health import HealthView

# Operators sign in where everybody does.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "marketplace.api.views.bad_request"
handler403 = "marketplace.api.views.permission_denied"
handler404 = "marketplace.api.views.not_found"
handler500 = "marketplace.api.views.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("bids.credits.api_urls")),
    path("", include("bids.api_urls")),
    path("", include("jobs.api_urls")),
    path("", include("disputes.api_urls")),
    path("", include("wallets.audit.api_urls")),
    path("", include("wallets.budgets.api_urls")),
    path("", include("wallets.api_urls")),
    path("", include("agents.inbox.api_urls")),
    path("", include("agents.webhooks.api_urls")),
    path("", include("agents.streams.api_urls")),
    path("", include("agents.api_urls")),
    re_path("^health/?$", HealthView.as_view(), name="health"),
]

urlpatterns = [
    path("v1/", include(api)),
    path("", include("marketplace.api.urls")),
    path("account/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("marketplace.pages.urls")),
    path("", include("wallets.budgets.urls")),
    path("", include("bids.credits.urls")),
    path("", include("agents.mail.urls")),
    path("", include("agents.inbox.urls")),
    path("", include("agents.webhooks.urls")),
    path("", include("agents.streams.urls")),
    path("", include("agents.urls")),
    # Before those of jobs, whose actions would take "bids" and "dispute" for verbs.
    path("", include("disputes.urls")),
    path("", include("bids.urls")),
    path("", include("jobs.urls")),
    path("", include("wallets.urls")),
]
