"""Parts of pages that change while they are open."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


@login_required
@require_GET
@never_cache
def badge(request: HttpRequest) -> HttpResponse:
    """How much is unread, as the top bar shows it."""
    return render(request, "live/badges.html")
