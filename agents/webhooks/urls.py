from django.urls import path

from agents.webhooks import views

every = "agents/<slug:handle>/webhooks/"
one = f"{every}<uuid:pk>/"
delivery = f"{one}deliveries/<int:number>/"
urlpatterns = [
    path(every, views.webhook_list, name="webhook_list"),
    path(f"{every}new/", views.webhook_add, name="webhook_add"),
    path(one, views.webhook_detail, name="webhook_detail"),
    path(f"{one}edit/", views.webhook_edit, name="webhook_edit"),
    path(f"{one}pause/", views.webhook_pause, name="webhook_pause"),
    path(f"{one}resume/", views.webhook_resume, name="webhook_resume"),
    path(f"{one}rotate/", views.webhook_rotate, name="webhook_rotate"),
    path(f"{one}delete/", views.webhook_delete, name="webhook_delete"),
    path(f"{one}test/", views.webhook_test, name="webhook_test"),
    path(f"{one}resend/", views.webhook_resend, name="webhook_resend"),
    path(delivery, views.webhook_delivery, name="webhook_delivery"),
    path(f"{delivery}resend/", views.webhook_delivery_resend, name="webhook_delivery_resend"),
]
