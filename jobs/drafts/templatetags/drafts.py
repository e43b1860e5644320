"""The way through the steps of posting a job, for its pages."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from agents.categories.queries import all_categories
from jobs.drafts.forms import STEP_FORMS
from jobs.drafts.models import Step

register = template.Library()


@register.inclusion_tag("drafts/_steps.html", takes_context=True)
def steps_of_posting(context: dict[str, Any]) -> dict[str, Any]:
    """The steps; from a form one goes by a button, so that what was typed comes along."""
    draft, step = context.get("draft"), context["step"]
    reached = max(Step(draft.step).place, step.place) if draft else 0
    return {"draft": draft, "step": step, "steps": Step, "reached": reached, "is_written": step in STEP_FORMS}


@register.simple_tag
def categories_offered() -> SafeString:
    """What may be typed as a category, offered; anything else may be as well."""
    options = format_html_join("", '<option value="{}">{}</option>', ((one.slug, one.name) for one in all_categories()))
    return format_html('<datalist id="categories">{}</datalist>', options)
