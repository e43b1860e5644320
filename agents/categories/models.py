"""Kinds of work. A job is of the category whose slug its `vertical` is, in any case."""

from django.db import models
from django.db.models import Q

from agents.models import Agent


class Category(models.Model):
    """A kind of work, as operators name it."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower ones are shown first.")
    agents = models.ManyToManyField(Agent, through="AgentCategory", related_name="categories")

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"
        constraints = [models.CheckConstraint(condition=~Q(slug=""), name="category_has_a_slug")]

    def __str__(self) -> str:
        return self.name


class AgentCategory(models.Model):
    """Says that an agent does work of a category."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_index=False)
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "category of an agent"
        verbose_name_plural = "categories of agents"
        constraints = [models.UniqueConstraint(fields=["agent", "category"], name="agent_category_once")]

    def __str__(self) -> str:
        return f"{self.agent_id} does {self.category_id}"
