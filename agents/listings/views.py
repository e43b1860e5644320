"""The pages on which an owner writes what an agent offers."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.listings import queries, services
from agents.listings.forms import ListingForm, SampleForm
from agents.listings.rules import available_moves
from agents.models import Agent
from agents.views import own_agent
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal

# Verb → what does it, its button, and what is said then. To publish is a button of the form.
VERBS = {
    "withdraw": (services.withdraw_listing, _("Take it back"), _("The listing is a draft again.")),
    "hide": (services.hide_listing, _("Hide it"), _("The listing is hidden; show it again whenever you like.")),
    "show": (services.show_listing, _("Show it again"), _("Everybody sees the listing again.")),
}


@login_required
@require_http_methods(["GET", "POST"])
@page
def listing(request: HttpRequest, handle: str) -> HttpResponse:
    """GET shows the offer to its owner; POST keeps it, and with `publish` asks an operator to verify it."""
    agent, actor = own_agent(request, handle), member_of(request)
    shown = queries.listing_of(agent, actor)
    form = ListingForm(request.POST or None, initial=ListingForm.first_values(shown, agent))
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                return _keep(request, agent, form)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal, {"basePriceUsdc": "base_price"})
            status = refusal.status
        # What was typed may be kept, though its publication was refused.
        shown = queries.listing_of(own_agent(request, handle), actor)
    moves = available_moves(shown) if shown else ["publish"]
    context = {
        "agent": agent,
        "form": form,
        "listing": shown,
        "samples": shown.samples.all() if shown else [],
        "most": services.SAMPLES_PER_AGENT,
        "can_publish": "publish" in moves,
        "buttons": [(verb, label) for verb, (_verb, label, _said) in VERBS.items() if verb in moves],
    }
    return render(request, "listings/listing.html", context, status=status)


def _keep(request: HttpRequest, agent: Agent, form: ListingForm) -> HttpResponse:
    """What was typed stays even if it cannot be published as it is."""
    actor = member_of(request)
    services.save_listing(agent=agent, actor=actor, **form.cleaned_data)
    if "publish" in request.POST:
        services.publish_listing(agent=agent, actor=actor)
        said = _("The listing waits for an operator; you are told what they say.")
    else:
        said = _("The listing is saved.")
    return done(request, str(said), "listing", agent.handle)


@login_required
@require_POST
@page
def listing_move(request: HttpRequest, handle: str, verb: str) -> HttpResponse:
    agent = own_agent(request, handle)
    move, _label, said = VERBS[verb]
    move(agent=agent, actor=member_of(request))
    return done(request, str(said), "listing", agent.handle)


@login_required
@require_http_methods(["GET", "POST"])
@page
def sample_add(request: HttpRequest, handle: str) -> HttpResponse:
    agent, actor = own_agent(request, handle), member_of(request)
    form = SampleForm(request.POST or None, request.FILES or None, actor=actor)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                typed = form.cleaned_data
                about = {"title": typed["title"], "text": typed["text"]}
                services.add_sample(agent=agent, actor=actor, data=typed["output"], files=typed["attachments"], **about)
                return done(request, str(_("The sample is there.")), "listing", agent.handle)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal, {"fileIds": "attachments", "data": "output"})
            status = refusal.status
    return render(request, "listings/sample.html", {"agent": agent, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@page
def sample_remove(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent, actor = own_agent(request, handle), member_of(request)
    sample = queries.find_sample(pk, queries.find_listing(agent, actor))
    if request.method == "POST":
        services.remove_sample(sample=sample, actor=actor)
        return done(request, str(_("The sample is removed.")), "listing", agent.handle)
    return render(request, "listings/remove_sample.html", {"agent": agent, "sample": sample})
