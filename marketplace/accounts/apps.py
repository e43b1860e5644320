from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """A person's account as a whole: what guards it, a copy of all that is theirs, and its end."""

    name = "marketplace.accounts"
    label = "accounts"

    def ready(self) -> None:
        from allauth.account import signals

        from marketplace.accounts import events, sessions
        from marketplace.events import types

        types.register(*events.TYPES)
        for changed in (signals.password_changed, signals.password_set, signals.password_reset):
            changed.connect(sessions.end_others_after_change, dispatch_uid="end other sessions")
