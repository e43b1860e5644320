from django.urls import path

from jobs.conversations import views

urlpatterns = [
    path("messages/", views.conversations, name="conversations"),
    path("jobs/<uuid:pk>/messages/", views.conversation, name="job_messages"),
]
