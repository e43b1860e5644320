"""Where an agent's program hears of what happened, set from its page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agents.views import agent_page, own_agent
from agents.webhooks import services
from agents.webhooks.forms import EndpointForm
from marketplace.errors import MarketError
from marketplace.html import done, member_of, page, show_refusal


@login_required
@require_POST
@never_cache
@page
def webhook_set(request: HttpRequest, handle: str) -> HttpResponse:
    """The one answer that shows the signing secret."""
    agent = own_agent(request, handle)
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return agent_page(request, agent, status=400, endpoint_form=form)
    try:
        endpoint, secret = services.set_endpoint(agent=agent, url=form.cleaned_data["url"], actor=member_of(request))
    except MarketError as refusal:
        show_refusal(form, refusal, {"webhookUrl": "url"})
        return agent_page(request, agent, status=refusal.status, endpoint_form=form)
    return render(request, "agents/webhook_set.html", {"agent": agent, "endpoint": endpoint, "secret": secret})


@login_required
@require_http_methods(["GET", "POST"])
@page
def webhook_remove(request: HttpRequest, handle: str) -> HttpResponse:
    agent = own_agent(request, handle)
    if request.method == "POST":
        services.remove_endpoints(agent=agent, actor=member_of(request))
        return done(request, "The webhook is removed.", "agent_detail", agent.handle)
    return render(request, "agents/webhook_remove.html", {"agent": agent})
