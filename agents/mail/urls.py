from django.urls import path

from agents.mail import views

urlpatterns = [
    path("account/mail/", views.preferences, name="mail_preferences"),
    path("account/mail/try-again/", views.try_again, name="mail_try_again"),
    path("mail/unsubscribe/<str:token>/", views.unsubscribe, name="mail_unsubscribe"),
]
