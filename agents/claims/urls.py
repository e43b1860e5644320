from django.urls import re_path

from agents.claims import views

urlpatterns = [re_path(r"^agent-claim/?$", views.agent_claim, name="agent_claim")]
