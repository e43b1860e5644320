"""Where an agent's program hears of what happened, and what came of it: for the agent's owner, or for oneself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from agents.models import Agent
from agents.views import own_agent
from agents.webhooks import queries, services
from agents.webhooks.forms import MISSED, EndpointForm, LogForm, NewEndpointForm, ResendForm, RotationForm
from agents.webhooks.health import FAILING_BEFORE_DISABLED
from agents.webhooks.models import Delivery, Endpoint
from marketplace.errors import MarketError
from marketplace.html import done, keyset_page, member_of, page, show_refusal

# The waits before these are seconds and a minute; later ones are not worth looking on.
QUICK_ATTEMPTS = 3


def own_endpoint(request: HttpRequest, handle: str, pk: UUID) -> tuple[Agent, Any]:
    """The agent and its endpoint. Raises NotFound, the same for missing ones and those of others."""
    agent = own_agent(request, handle)
    return agent, queries.find_endpoint(pk, agent)


def _show(request: HttpRequest, template: str, agent: Agent, status: int = 200, **context: Any) -> HttpResponse:
    may_act = member_of(request).status != Agent.Status.SUSPENDED
    context |= {"agent": agent, "may_act": may_act, "disabled_after": FAILING_BEFORE_DISABLED.total_seconds()}
    return render(request, f"agents/webhooks/{template}.html", context, status=status)


def _show_secret(request: HttpRequest, agent: Agent, endpoint: Endpoint, secret: str) -> HttpResponse:
    """The one answer that shows a signing secret."""
    endpoint = queries.find_endpoint(endpoint.pk, agent)
    return _show(request, "secret", agent, endpoint=endpoint, secret=secret)


# Endpoints


@login_required
@require_GET
@page
def webhook_list(request: HttpRequest, handle: str) -> HttpResponse:
    agent = own_agent(request, handle)
    return _show(request, "endpoint_list", agent, endpoints=queries.endpoints_of(agent))


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@page
def webhook_add(request: HttpRequest, handle: str) -> HttpResponse:
    agent = own_agent(request, handle)
    form = NewEndpointForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                created = services.create_endpoint(agent=agent, actor=member_of(request), **form.changes())
                return _show_secret(request, agent, *created)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return _show(request, "endpoint_form", agent, status, form=form)


@login_required
@require_http_methods(["GET", "POST"])
@page
def webhook_edit(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent, endpoint = own_endpoint(request, handle, pk)
    form = EndpointForm(request.POST or None, endpoint=endpoint)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                services.update_endpoint(endpoint=endpoint, actor=member_of(request), **form.changes())
                return done(request, _("The webhook is saved."), "webhook_detail", agent.handle, pk)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return _show(request, "endpoint_form", agent, status, form=form, endpoint=endpoint)


@login_required
@require_GET
@page
def webhook_detail(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    """How the endpoint fares, what can be done with it, and the log of its deliveries."""
    agent, endpoint = own_endpoint(request, handle, pk)
    form = LogForm(request.GET)
    status = 200 if form.is_valid() else 400
    rows = keyset_page(request, form.narrow(queries.deliveries_of(endpoint)), "-id")
    return _show(request, "endpoint_detail", agent, status, endpoint=endpoint, form=form, page=rows)


@login_required
@require_POST
@page
def webhook_pause(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent, endpoint = own_endpoint(request, handle, pk)
    services.pause_endpoint(endpoint=endpoint, actor=member_of(request))
    return done(request, _("Nothing is sent until you resume; events wait."), "webhook_detail", agent.handle, pk)


@login_required
@require_POST
@page
def webhook_resume(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent, endpoint = own_endpoint(request, handle, pk)
    services.resume_endpoint(endpoint=endpoint, actor=member_of(request))
    return done(request, _("Events are sent again."), "webhook_detail", agent.handle, pk)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
@page
def webhook_rotate(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    """GET says what a new secret means; POST shows it, once."""
    agent, endpoint = own_endpoint(request, handle, pk)
    form = RotationForm(request.POST or None)
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                actor = member_of(request)
                secret = services.rotate_secret(endpoint=endpoint, actor=actor, **form.cleaned_data)
                return _show_secret(request, agent, endpoint, secret)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return _show(request, "rotate", agent, status, endpoint=endpoint, form=form)


@login_required
@require_http_methods(["GET", "POST"])
@page
def webhook_delete(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    agent, endpoint = own_endpoint(request, handle, pk)
    if request.method == "POST":
        services.delete_endpoint(endpoint=endpoint, actor=member_of(request))
        return done(request, _("The webhook is deleted."), "webhook_list", agent.handle)
    return _show(request, "delete", agent, endpoint=endpoint, form=forms.Form())


# Deliveries


@login_required
@require_POST
@page
def webhook_test(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    """Sends a test event, and goes to where its answer will be shown."""
    agent, endpoint = own_endpoint(request, handle, pk)
    delivery = services.send_test(endpoint=endpoint, actor=member_of(request))
    return redirect("webhook_delivery", agent.handle, pk, delivery.pk)


@login_required
@require_http_methods(["GET", "POST"])
@page
def webhook_resend(request: HttpRequest, handle: str, pk: UUID) -> HttpResponse:
    """Sends again what was given up, or what was missed altogether, since a moment."""
    agent, endpoint = own_endpoint(request, handle, pk)
    form = ResendForm(request.POST or None, initial={"since": endpoint.failing_since})
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                count = _send_again(endpoint, member_of(request), **form.cleaned_data)
                said = f"{count} {'delivery is' if count == 1 else 'deliveries are'} sent now."
                return done(request, said, "webhook_detail", agent.handle, pk)
            status = 400
        except MarketError as refusal:
            show_refusal(form, refusal)
            status = refusal.status
    return _show(request, "resend", agent, status, endpoint=endpoint, form=form)


def _send_again(endpoint: Endpoint, actor: Agent, what: str, since: Any) -> int:
    verb = services.replay if what == MISSED else services.resend_failed
    return verb(endpoint=endpoint, actor=actor, since=since)


@login_required
@require_GET
@page
def webhook_delivery(request: HttpRequest, handle: str, pk: UUID, number: int) -> HttpResponse:
    """What was sent and what came back; for htmx only the part that changes, and nothing while it has not changed."""
    agent, endpoint = own_endpoint(request, handle, pk)
    delivery = queries.find_delivery(number, endpoint)
    known = f"{delivery.status}-{delivery.attempts}"
    if request.htmx and request.GET.get("known") == known:  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    template = "_delivery_progress" if request.htmx else "delivery_detail"  # type: ignore[attr-defined]
    return _show(
        request,
        template,
        agent,
        endpoint=endpoint,
        delivery=delivery,
        known=known,
        tries=queries.tries_of(delivery),
        is_awaited=_is_awaited(delivery),
        body=delivery.event.message.decode(),
    )


def _is_awaited(delivery: Delivery) -> bool:
    """Whether an answer may come while somebody looks on."""
    waits = delivery.status == Delivery.Status.PENDING and delivery.endpoint.status == Endpoint.Status.ACTIVE
    return waits and delivery.attempts < QUICK_ATTEMPTS


@login_required
@require_POST
@page
def webhook_delivery_resend(request: HttpRequest, handle: str, pk: UUID, number: int) -> HttpResponse:
    agent, endpoint = own_endpoint(request, handle, pk)
    delivery = services.resend(delivery=queries.find_delivery(number, endpoint), actor=member_of(request))
    return done(request, _("It is sent again now."), "webhook_delivery", agent.handle, pk, delivery.pk)
