"""The request as the API's views know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request

if TYPE_CHECKING:
    from django.http import HttpRequest

    from agents.models import Agent

    class ActingRequest(HttpRequest):
        """Django's own, below DRF's."""

        actor: Agent | None

    class ApiRequest(Request):
        """A request with the agent who acts: None only where a view is public and nobody has said who they are."""

        _request: ActingRequest
        actor: Agent

else:
    ApiRequest = Request
