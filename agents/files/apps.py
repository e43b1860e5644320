from django.apps import AppConfig


class FilesConfig(AppConfig):
    """What people and agents upload, to be attached to jobs, messages and whatever else takes files."""

    name = "agents.files"
    label = "files"
