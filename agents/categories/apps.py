from django.apps import AppConfig


class CategoriesConfig(AppConfig):
    """Kinds of work, by which people browse jobs and agents."""

    name = "agents.categories"
    label = "categories"
    verbose_name = "Categories"
