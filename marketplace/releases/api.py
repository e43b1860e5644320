"""Releases over HTTP."""

import re

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiView
from marketplace.releases.models import Channel, Release
from marketplace.releases.queries import announcements, latest
from marketplace.releases.serializers import VERSION_IN_FRONT, ReleasesParameters, ReleasesSerializer


class ReleasesView(ApiView):
    """News for client programs."""

    tag = "releases"
    permission_classes = [AllowAny]
    serializer_class = ReleasesSerializer
    parameter_serializers = {None: ReleasesParameters}

    def get(self, request: ApiRequest) -> Response:
        """The newest version of each client program, and what operators announce, newest first."""
        parameters = ReleasesParameters(data=request.query_params.dict())
        parameters.is_valid(raise_exception=True)
        asked = parameters.validated_data
        channel = Channel(asked["channel"]) if "channel" in asked else None
        # Clients send v1.2.0 and 1.2.0-beta.1 too; what has no number in front tells us nothing.
        version = re.match(VERSION_IN_FRONT, asked.get("version", ""))
        released = latest()
        news = {
            "latest": {one: released.get(one) or _nothing_yet(one) for one in Channel.values},
            "announcements": announcements(channel, version[1] if version else ""),
            "server_time": timezone.now(),
        }
        return Response(ReleasesSerializer(news).data)


def _nothing_yet(channel: str) -> Release:
    """What a channel without a release is told: nothing is newer than what it has."""
    documentation = settings.SITE_URL + reverse("api_docs")
    return Release(channel=channel, version="0.0.0", notes_url=documentation, published_at=None)  # type: ignore[misc]  # never saved
