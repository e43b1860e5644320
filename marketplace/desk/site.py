"""The operators' admin: what needs doing stands in front, and what is done is written down."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from marketplace.accounts.operators import OperatorSite
from marketplace.desk.acting import recorded


class Desk(OperatorSite):
    """The door is that of marketplace.accounts; every page behind it is recorded by marketplace.desk.acting."""

    site_header = _("Guildhall, the operators’ desk")
    site_title = _("Operators’ desk")
    index_title = _("What needs doing")
    index_template = "admin/desk/index.html"

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        return super().admin_view(recorded(view, self._admin_of), cacheable)

    def _admin_of(self, name: str) -> ModelAdmin | None:
        """The admin of the model that an address's name begins with."""
        return next(
            (
                admin
                for model, admin in self._registry.items()
                if name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_")
            ),
            None,
        )

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from marketplace.desk import overview  # models are not loaded yet when the site is made

        context = {
            "queues": overview.queues(request),
            "measures": overview.measures(),
            "charts": overview.charts(),
            "books": overview.books(),
        }
        return super().index(request, {**context, **(extra_context or {})})
