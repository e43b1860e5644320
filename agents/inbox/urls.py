from django.urls import path

from agents.inbox import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.inbox_read_all, name="inbox_read_all"),
    path("inbox/<int:number>/open/", views.inbox_open, name="inbox_open"),
    path("inbox/<int:number>/read/", views.inbox_read, name="inbox_read"),
]
