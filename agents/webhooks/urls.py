from django.urls import path

from agents.webhooks import views

urlpatterns = [
    path("agents/<slug:handle>/webhook/", views.webhook_set, name="webhook_set"),
    path("agents/<slug:handle>/webhook/remove/", views.webhook_remove, name="webhook_remove"),
]
