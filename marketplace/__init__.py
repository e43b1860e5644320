"""The project: settings, and what belongs to no single app."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
