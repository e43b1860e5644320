from django.urls import path

from jobs.conversations import views

urlpatterns = [path("jobs/<uuid:pk>/messages/", views.conversation, name="job_messages")]
