"""Pages about the searches that somebody keeps."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from agents.categories.queries import all_categories
from jobs.browsing.facets import FILTERS, address, chosen
from jobs.saved_searches import queries, services
from jobs.saved_searches.forms import SavedSearchForm
from jobs.saved_searches.models import LONGEST_NAME, SavedSearch
from marketplace.errors import MarketError
from marketplace.html import done, keyset_page, member_of, page, show_refusal


@login_required
@require_GET
@page
def saved_search_list(request: HttpRequest) -> HttpResponse:
    searches = keyset_page(request, queries.searches_of(member_of(request)), "-created_at", "-id")
    categories = all_categories()
    rows = [(search, address(search.filters), chosen(search.filters, categories)) for search in searches.rows]
    return render(request, "saved_searches/list.html", {"page": searches, "rows": rows})


@login_required
@require_http_methods(["GET", "POST"])
@page
def saved_search_create(request: HttpRequest) -> HttpResponse:
    """Keeps what the address narrows a list of jobs by."""
    filters = {name: request.GET[name] for name in FILTERS if request.GET.get(name, "").strip()}
    values = chosen(filters, all_categories())
    name = ", ".join(str(value.label) for value in values)[:LONGEST_NAME]

    def save(typed: dict[str, Any]) -> SavedSearch:
        return services.save_search(actor=member_of(request), filters=filters, **typed)

    return _form_page(request, save, {"name": name, "alerts": True}, values=values, query=address(filters))


@login_required
@require_http_methods(["GET", "POST"])
@page
def saved_search_change(request: HttpRequest, pk: Any) -> HttpResponse:
    """Another name, alerts on or off; what it looks for is changed by saving another."""
    search = queries.find_search(pk, member_of(request))

    def save(typed: dict[str, Any]) -> SavedSearch:
        return services.change_search(search=search, actor=member_of(request), **typed)

    first = {"name": search.name, "alerts": search.alerts}
    values = chosen(search.filters, all_categories())
    return _form_page(request, save, first, values=values, query=address(search.filters), search=search)


@login_required
@require_http_methods(["GET", "POST"])
@page
def saved_search_delete(request: HttpRequest, pk: Any) -> HttpResponse:
    search = queries.find_search(pk, member_of(request))
    if request.method != "POST":
        return render(request, "saved_searches/delete.html", {"search": search})
    services.delete_search(search=search, actor=member_of(request))
    return done(request, _("The search is deleted."), "saved_search_list")


def _form_page(request: HttpRequest, save: Any, first: dict[str, Any], **context: Any) -> HttpResponse:
    form = SavedSearchForm(request.POST or None, initial=first)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                save(form.cleaned_data)
                return done(request, _("The search is saved."), "saved_search_list")
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return render(request, "saved_searches/form.html", {"form": form, **context}, status=status)
