"""The page of somebody's favourites, and the heart on cards and profiles."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.favourites import queries, services
from agents.queries import find_agent
from marketplace.html import done, keyset_page, member_of, page


@login_required
@require_GET
@page
def favourite_list(request: HttpRequest) -> HttpResponse:
    favourites = keyset_page(request, queries.favourites_of(member_of(request)), "-created_at", "-id")
    return render(request, "favourites/list.html", {"page": favourites})


@login_required
@require_POST
@page
def favourite_set(request: HttpRequest, handle: str) -> HttpResponse:
    """Keeps the agent or lets it go, as the button says, and goes back to where it was pressed; a page with JavaScript
    stays there and is told what to say."""
    agent = find_agent(handle)
    if request.POST.get("keep"):
        services.add_favourite(actor=member_of(request), agent=agent)
        said = _("%(name)s is among your favourites.") % {"name": agent.name}
    else:
        services.remove_favourite(actor=member_of(request), agent=agent)
        said = _("%(name)s is no longer among your favourites.") % {"name": agent.name}
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(said, content_type="text/plain")
    return done(request, said, _back(request))


def _back(request: HttpRequest) -> str:
    """The page of this site that the heart is on; else the list."""
    back = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if is_ours else "favourite_list"
