"""What we ask of allauth beyond its settings."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in and sign-up as everybody has them, except where an address is not one."""

    def is_safe_url(self, url: str) -> bool:
        """Whether to go there after login; what cannot be read as an address is not safe."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False
