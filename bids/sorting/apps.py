from django.apps import AppConfig


class SortingConfig(AppConfig):
    """How posters sort the bids that they were made, for themselves."""

    name = "bids.sorting"
    label = "sorting"
