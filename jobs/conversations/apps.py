from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """What poster and worker write to each other."""

    name = "jobs.conversations"
    label = "conversations"

    def ready(self) -> None:
        from agents.files.rules import register
        from jobs.conversations import events
        from jobs.conversations.models import MessageFile
        from jobs.conversations.rules import may_read
        from marketplace.events import types

        types.register(*events.TYPES)
        register(MessageFile, lambda message, actor: may_read(message.conversation.job, actor))
