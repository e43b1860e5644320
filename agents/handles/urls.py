from django.urls import path

from agents.handles import views

urlpatterns = [path("account/handle/", views.handle, name="account_handle")]
