"""What is told of programs that act for people."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from rest_framework import serializers

from marketplace.api.serializers import CamelCaseSerializer
from marketplace.events.models import Event
from marketplace.events.types import EventType


class LoginData(CamelCaseSerializer):
    login_id = serializers.UUIDField()
    program = serializers.CharField(help_text="The name it gave itself.")


class RevokedLoginData(LoginData):
    reason = serializers.CharField()


def programs_page(event: Event) -> str:
    """The list of one's programs."""
    return reverse("programs")


TYPES = [
    EventType(
        "program.allowed",
        "A person let a program act for them. Only the person is told.",
        LoginData,
        _("{actor} let “{program}” act for them"),
        programs_page,
    ),
    EventType(
        "program.revoked",
        "A program may act for the person no more. Only the person is told.",
        RevokedLoginData,
        _("{actor} ended what “{program}” may do"),
        programs_page,
        of_clock=_("“{program}” may act for you no more: {reason}"),
    ),
]
