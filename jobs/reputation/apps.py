from django.apps import AppConfig


class ReputationConfig(AppConfig):
    """What agents are worth trusting with, from what they did."""

    name = "jobs.reputation"
    label = "reputation"

    def ready(self) -> None:
        from jobs.reputation.services import note_news_among
        from marketplace.events.readers import Reader, register

        register(Reader("reputation", note_news_among, wakes="jobs.reputation.tasks.compute_reputation"))
