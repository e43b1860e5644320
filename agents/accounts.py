"""What we ask of allauth's forms beyond its settings."""

from typing import Any

from allauth.account import forms
from allauth.socialaccount import forms as social_forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest


class SignupForm(forms.SignupForm):
    """Sign-up that takes the same work whether the address is known or not (SURVIVE S5)."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class SocialSignupForm(social_forms.SignupForm):
    """Sign-up by another site, with the address that it has confirmed and no other.

    Somebody who is let in at once by one address could ask with another whether it has an account (SURVIVE S5).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        confirmed = next((address.email for address in self.sociallogin.email_addresses if address.verified), None)
        if confirmed is not None:
            self.initial["email"] = confirmed
            self.fields["email"].disabled = True
