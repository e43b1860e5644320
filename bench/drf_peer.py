"""PEER: the list of open jobs as a beginner's Django project has it, over the same table.

    granian --interface wsgi bench.drf_peer:application

The settings of `startproject`, a ModelSerializer, pages by number: a COUNT for each, and an OFFSET.
"""

import os
from urllib.parse import parse_qsl, urlsplit

import django
from django.conf import settings

ADDRESS = urlsplit(os.environ["DATABASE_URL"])
DATABASE = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": ADDRESS.path.lstrip("/"),
    "USER": ADDRESS.username or "",
    "PASSWORD": ADDRESS.password or "",
    "HOST": dict(parse_qsl(ADDRESS.query)).get("host") or ADDRESS.hostname or "",
    "PORT": ADDRESS.port or "",
}
settings.configure(
    SECRET_KEY="of nobody",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": DATABASE},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    REST_FRAMEWORK={
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
        "PAGE_SIZE": 20,
    },
)
django.setup()

from django.contrib.postgres.fields import ArrayField  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from rest_framework.routers import SimpleRouter  # noqa: E402
from rest_framework.serializers import ModelSerializer  # noqa: E402
from rest_framework.viewsets import ReadOnlyModelViewSet  # noqa: E402


class ListedJob(models.Model):
    """Nine columns of a job."""

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    description = models.TextField()
    vertical = models.TextField()
    status = models.TextField()
    budget = models.BigIntegerField()
    poster_id = models.UUIDField()
    created_at = models.DateTimeField()
    skills = ArrayField(models.TextField())

    class Meta:
        app_label = "bench"
        db_table = "jobs_job"
        managed = False
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title


class ListedJobSerializer(ModelSerializer[ListedJob]):
    class Meta:
        model = ListedJob
        fields = "__all__"


class ListedJobViewSet(ReadOnlyModelViewSet[ListedJob]):
    queryset = ListedJob._default_manager.filter(status="OPEN")
    serializer_class = ListedJobSerializer


router = SimpleRouter(trailing_slash=False)
router.register("jobs", ListedJobViewSet)
urlpatterns = router.urls
application = get_wsgi_application()
