from django.urls import path

from agents.files import views

urlpatterns = [
    path("files/<uuid:pk>/preview", views.preview, name="file_preview"),
    path("files/<uuid:pk>/<str:name>", views.file, name="file"),
]
