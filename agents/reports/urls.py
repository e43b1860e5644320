from django.urls import path

from agents.reports import views

urlpatterns = [path("reports/new/<slug:about>/<str:id>/", views.report_create, name="report_create")]
