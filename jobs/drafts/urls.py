from django.urls import path, register_converter

from jobs.drafts import views
from jobs.drafts.models import Step


class StepConverter:
    """A step of posting a job, by its word."""

    regex = "|".join(Step.values)

    def to_python(self, value: str) -> Step:
        return Step(value)

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(StepConverter, "step")

urlpatterns = [
    path("jobs/new/", views.job_create, name="job_create"),
    path("jobs/new/<uuid:pk>/", views.draft_resume, name="draft_resume"),
    path("jobs/new/<uuid:pk>/<step:step>/", views.draft_step, name="draft_step"),
    path("jobs/new/<uuid:pk>/preview/", views.draft_preview, name="draft_preview"),
    path("jobs/drafts/", views.draft_list, name="draft_list"),
    path("jobs/drafts/<uuid:pk>/delete/", views.draft_delete, name="draft_delete"),
    path("jobs/<uuid:pk>/duplicate/", views.job_duplicate, name="job_duplicate"),
]
