"""Who enters the operators' admin, and how."""

from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from agents.models import Agent, User
from agents.reauthentication import used_second_factor


class OperatorSite(AdminSite):
    """Operators sign in where everybody does; with STAFF_NEEDS_TWO_FACTORS a second factor opens the door."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and _may_act(request) and self._is_proven_enough(request)

    def _is_proven_enough(self, request: HttpRequest) -> bool:
        return not settings.STAFF_NEEDS_TWO_FACTORS or used_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Where everybody comes who has no permission: an operator without a second factor is told how to get one."""
        if super().has_permission(request):
            if not _may_act(request):
                raise PermissionDenied(_("Your account is suspended."))
            if not self._is_proven_enough(request):
                return _ask_for_second_factor(request)
        return secure_admin_login(super().login)(request, extra_context)


def _may_act(request: HttpRequest) -> bool:
    """Not while barred by another operator."""
    return cast("User", request.user).agent.status != Agent.Status.SUSPENDED


def _ask_for_second_factor(request: HttpRequest) -> HttpResponse:
    door = f"?{urlencode({'next': request.GET.get('next') or reverse('admin:index')})}"
    if is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
        return HttpResponseRedirect(reverse("mfa_reauthenticate") + door)
    if is_mfa_enabled(request.user, [Authenticator.Type.WEBAUTHN]):
        return HttpResponseRedirect(reverse("mfa_reauthenticate_webauthn") + door)
    messages.warning(request, _("The console opens only with a second factor. Set one up, then come back."))
    return HttpResponseRedirect(reverse("mfa_index"))
