"""Reads of sign-ups and handles."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from agents.claims.models import ClaimToken, Signup
from agents.handles.models import FormerHandle
from agents.models import Agent
from agents.services import HandleTaken, require_usable
from marketplace.errors import Invalid, NotFound


def signups() -> QuerySet[Signup]:
    """All, each with `has_lapsed`: whether its time is over by the database's clock, swept or not."""
    lapsed = Q(status=Signup.Status.EXPIRED) | Q(status=Signup.Status.WAITING, expires_at__lte=Now())
    return Signup.objects.select_related("agent").annotate(has_lapsed=ExpressionWrapper(lapsed, BooleanField()))


def find_signup(reference: str) -> Signup:
    """The sign-up with that id. Raises NotFound."""
    try:
        signup = signups().filter(pk=UUID(reference)).first()
    except ValueError:
        signup = None
    if signup is None:
        raise NotFound("There is no sign-up with that id.")
    return signup


def signup_of_token(token: str) -> Signup:
    """The sign-up that the token was mailed for. Raises Invalid naming `claimToken`."""
    signup = signups().filter(tokens__digest=ClaimToken.digest_of(token)).first()
    if signup is None:
        raise Invalid.field("claimToken", "Is none of ours, or a part of it is missing: copy the whole link.")
    return signup


@dataclass(frozen=True)
class Availability:
    """Whether an agent can have a handle; `reason` says why not."""

    handle: str
    reason: str = ""

    @property
    def is_free(self) -> bool:
        return not self.reason


def availability(handle: str) -> Availability:
    """Whether an agent can have the handle now."""
    try:
        require_usable(handle)
    except Invalid as refusal:
        return Availability(handle, refusal.errors[0].message)
    released = Q(signup__status=Signup.Status.WAITING, signup__expires_at__lte=Now())
    is_used = Agent.objects.filter(handle=handle).exclude(released).exists()
    is_taken = is_used or FormerHandle.objects.filter(handle=handle).exists()
    return Availability(handle, HandleTaken.detail if is_taken else "")
