from django.apps import AppConfig


class MailConfig(AppConfig):
    """Telling people by e-mail what concerns them."""

    name = "agents.mail"
    label = "mail"

    def ready(self) -> None:
        from agents.mail.services import fan_out
        from marketplace.events.readers import Reader, register

        register(Reader("mail", fan_out, wakes="agents.mail.tasks.send_letters"))
