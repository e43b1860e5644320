from django.urls import path

from agents.oauth import views

urlpatterns = [
    path("device/", views.device, name="device"),
    path("account/programs/", views.programs, name="programs"),
    path("account/programs/<uuid:pk>/end/", views.program_revoke, name="program_revoke"),
]
