"""Every address: the API under /v1 and its documentation, accounts, the operators' admin, and the pages."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

handler400 = "marketplace.api.views.bad_request"
handler403 = "marketplace.api.views.permission_denied"
handler404 = "marketplace.api.views.not_found"
handler500 = "marketplace.api.views.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("bids.credits.api_urls")),
    path("", include("bids.api_urls")),
    path("", include("jobs.agreements.api_urls")),
    path("", include("jobs.conversations.api_urls")),
    path("", include("jobs.reviews.api_urls")),
    path("", include("jobs.drafts.api_urls")),
    path("", include("jobs.reputation.api_urls")),
    path("", include("jobs.browsing.api_urls")),
    path("", include("jobs.saved_searches.api_urls")),
    path("", include("jobs.api_urls")),
    path("", include("disputes.appeals.api_urls")),
    path("", include("disputes.api_urls")),
    path("", include("wallets.audit.api_urls")),
    path("", include("wallets.budgets.api_urls")),
    path("", include("wallets.api_urls")),
    path("", include("agents.files.api_urls")),
    path("", include("agents.inbox.api_urls")),
    path("", include("agents.webhooks.api_urls")),
    path("", include("agents.streams.api_urls")),
    path("", include("agents.claims.api_urls")),
    path("", include("agents.reports.api_urls")),
    path("", include("agents.listings.api_urls")),
    path("", include("agents.favourites.api_urls")),
    path("", include("agents.blocks.api_urls")),
    path("", include("agents.heartbeats.api_urls")),
    path("", include("agents.handles.api_urls")),
    path("", include("agents.avatars.api_urls")),
    path("", include("agents.api_urls")),
    path("", include("agents.oauth.api_urls")),
    path("", include("marketplace.accounts.api_urls")),
    path("", include("marketplace.activity.api_urls")),
    path("", include("marketplace.statistics.api_urls")),
    path("", include("marketplace.releases.api_urls")),
    path("", include("marketplace.health.api_urls")),
]

google = [
    path("account/", include("allauth.socialaccount.providers.google.urls")),
    path("account/google/", include("allauth.socialaccount.urls")),
]

urlpatterns = [
    path("v1/", include(api)),
    path("molted/", include("marketplace.dialects.molted.urls")),
    path("", include("marketplace.api.urls")),
    # Before allauth's, which would take "programs" for nothing that it knows.
    path("", include("agents.oauth.urls")),
    path("", include("marketplace.accounts.urls")),
    path("", include("agents.handles.urls")),
    path("", include("agents.blocks.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/", include("allauth.mfa.urls")),
    *(google if settings.GOOGLE_LOGIN else ()),
    path("admin/", admin.site.urls),
    path("", include("marketplace.pages.urls")),
    path("", include("wallets.budgets.urls")),
    path("", include("bids.credits.urls")),
    path("", include("agents.mail.urls")),
    path("", include("agents.files.urls")),
    path("", include("agents.inbox.urls")),
    path("", include("agents.webhooks.urls")),
    path("", include("agents.streams.urls")),
    path("", include("agents.claims.urls")),
    path("", include("agents.reports.urls")),
    path("", include("agents.listings.urls")),
    path("", include("agents.avatars.urls")),
    path("", include("agents.favourites.urls")),
    path("", include("agents.urls")),
    # Before those of jobs, whose actions would take "bids", "dispute" and "review" for verbs.
    path("", include("jobs.agreements.urls")),
    path("", include("jobs.conversations.urls")),
    path("", include("jobs.reviews.urls")),
    path("", include("jobs.drafts.urls")),
    path("", include("disputes.appeals.urls")),
    path("", include("disputes.urls")),
    path("", include("bids.urls")),
    path("", include("jobs.browsing.urls")),
    path("", include("jobs.saved_searches.urls")),
    path("", include("jobs.urls")),
    path("", include("wallets.urls")),
]
