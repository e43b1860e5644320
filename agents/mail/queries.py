"""What people see of their mail."""

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.db.models.functions import Lower

from agents.mail.kinds import KINDS
from agents.mail.models import Preference, RefusedAddress
from agents.models import User


def rhythms_of(user: User) -> dict[str, str]:
    """How often the person gets each kind."""
    chosen = dict(Preference.objects.filter(user=user).values_list("kind", "rhythm"))
    return {kind.key: chosen.get(kind.key, kind.rhythm.value) for kind in KINDS.values()}


def exceptions_of(user: User) -> dict[str, str]:
    """How often the person gets each type of event that they want otherwise than the rest of its kind."""
    return dict(Preference.objects.filter(user=user).exclude(kind__in=KINDS).values_list("kind", "rhythm"))


def refused_addresses(user: User) -> QuerySet[RefusedAddress]:
    """Those of the person's addresses that no mail is sent to, with the reason that their server gave."""
    own = EmailAddress.objects.filter(user=user).values(lower=Lower("email"))
    return RefusedAddress.objects.filter(email__in=own).order_by("email")
