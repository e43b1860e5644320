from django.apps import AppConfig


class JobsConfig(AppConfig):
    """What is to be done: jobs, templates, terms, lifecycle, submissions."""

    name = "jobs"
