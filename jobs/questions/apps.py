from django.apps import AppConfig


class QuestionsConfig(AppConfig):
    """What posters ask of everybody who bids on a job."""

    name = "jobs.questions"
    label = "questions"
