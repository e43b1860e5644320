"""`{% halts_of_site as halts %}`: what operators have stopped for everybody, for the banner."""

from django import template

from agents.halts import site
from agents.halts.models import Halt

register = template.Library()


@register.simple_tag
def halts_of_site() -> list[Halt]:
    """Those that hold now."""
    return site.halts_of_site()
