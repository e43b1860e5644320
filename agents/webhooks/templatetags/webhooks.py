"""The webhook of an agent, on its page."""

from typing import Any

from django import template

from agents.webhooks.forms import EndpointForm

register = template.Library()


@register.inclusion_tag("agents/_webhook.html", takes_context=True)
def webhook_of(context: dict[str, Any]) -> dict[str, Any]:
    """Where the agent is told, and the form to change it, as it was refused if it was."""
    agent = context["agent"]
    endpoint = agent.webhook_endpoints.filter(enabled=True).first()
    form = context.get("endpoint_form") or EndpointForm(initial={"url": endpoint.url if endpoint else ""})
    return {"agent": agent, "endpoint": endpoint, "form": form, "request": context["request"]}
