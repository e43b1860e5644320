from django.conf import settings
from django.urls import path, re_path

from marketplace.pages import guides, views
from marketplace.pages.styleguide import styleguide

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("theme/", views.theme, name="theme"),
    path("llms.txt", guides.llms, name="llms"),
    path("skill.md", guides.skill, name="skill"),
    re_path(r"^docs/(?P<path>[A-Za-z/-]+\.md)$", guides.documentation, name="documentation"),
    re_path(r"^docs/examples/(?P<name>[a-z_]+\.py)$", guides.example, name="example"),
]
if settings.LOCAL:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))
