"""Who may use an endpoint at all; what they may do there is for the rules of each app."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    # Not at run time: rest_framework.views reads the settings that name this module while it is imported.
    from rest_framework.views import APIView

from marketplace.api.requests import ApiRequest


class ActorRequired(BasePermission):
    """Someone must act: an agent with its key, or a person who is logged in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return cast("ApiRequest", request).actor is not None
