from django.contrib import admin

from agents.categories.models import Category


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """Kinds of work. A job posted under a slug keeps that word when the slug changes."""

    list_display = ["name", "slug", "position", "description"]
    list_editable = ["position"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
