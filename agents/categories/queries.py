"""Reads of categories."""

from agents.categories.models import Category
from marketplace.errors import NotFound


def all_categories() -> list[Category]:
    """In the order that operators gave them."""
    return list(Category.objects.all())


def find_category(slug: str) -> Category:
    """The category of that slug, in any case. Raises NotFound."""
    category = Category.objects.filter(slug=slug.lower()).first()
    if category is None:
        raise NotFound("There is no category of that name; /v1/categories lists them.")
    return category
