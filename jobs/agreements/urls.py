from django.urls import path

from jobs.agreements import views

urlpatterns = [
    path("jobs/<uuid:pk>/change/<slug:kind>/", views.propose, name="agreement_propose"),
    path("jobs/<uuid:pk>/change/<uuid:agreement_pk>/<slug:verb>/", views.answer, name="agreement_answer"),
]
