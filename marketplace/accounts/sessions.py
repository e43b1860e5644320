"""Where a person is logged in, and the end of it."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from agents.models import User


def live_sessions(user: User) -> QuerySet[UserSession]:
    """Sessions that still open the account, the newest first."""
    live = Session.objects.filter(expire_date__gt=Now()).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=live).order_by("-created_at", "-pk")


@transaction.atomic
def end_sessions(sessions: QuerySet[UserSession]) -> int:
    """Ends them on the server: their cookies are worth nothing from the next request on. Returns how many ended."""
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end_others_after_change(sender: Any, request: HttpRequest, user: User, **rest: Any) -> None:
    """A new password throws out whoever else is in: that may be why it was changed (SURVIVE S4)."""
    end_sessions(UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key))
