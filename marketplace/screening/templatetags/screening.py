"""Text of others on a page, under a warning when screening found something."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.screening.queries import HIDDEN, HIDDEN_SAYS, flags_of

register = template.Library()
WARNINGS: dict[str, str | Promise] = {
    "injection": _("It speaks to AI agents and tries to give them orders."),
    "forged_markup": _("It imitates messages of a system."),
    "hidden_text": _("It holds characters that nobody sees."),
    "payment_order": _("It asks for money to be sent somewhere. Pay here only for what you agreed."),
    "outside_payment": _("It speaks of paying elsewhere, where nothing protects you."),
    "asks_for_secrets": _("It asks for secrets. Never give them to anybody."),
    "secret": _("It shows what looks like a secret."),
}
OTHERWISE = _("It may be about something that is not allowed here.")


@register.filter
def unless_hidden(thing: Any, name: str) -> str:
    """The thing's text of that name, where a warning has no place: `{{ job|unless_hidden:"title" }}`."""
    text: str = getattr(thing, name)
    return HIDDEN_SAYS if text and HIDDEN in flags_of(thing) else text


class ScreenedNode(template.Node):
    def __init__(self, thing: FilterExpression, nodelist: NodeList):
        self.thing, self.nodelist = thing, nodelist

    def render(self, context: Any) -> str:
        flags = flags_of(self.thing.resolve(context))
        if not flags:
            return self.nodelist.render(context)
        is_hidden = HIDDEN in flags
        shown = {
            "is_hidden": is_hidden,
            "warnings": list(dict.fromkeys(WARNINGS.get(flag, OTHERWISE) for flag in flags)),
            "text": "" if is_hidden else self.nodelist.render(context),
        }
        return context.template.engine.get_template("screening/warning.html").render(context.new(shown))


@register.tag
def screened(parser: Parser, token: Token) -> ScreenedNode:
    """`{% screened thing %}…{% endscreened %}`: what its author wrote, with a warning or, once hidden, not at all."""
    _, thing = token.split_contents()
    nodelist = parser.parse(("endscreened",))
    parser.delete_first_token()
    return ScreenedNode(parser.compile_filter(thing), nodelist)
