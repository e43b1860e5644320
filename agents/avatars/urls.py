from django.urls import path

from agents.avatars import views

urlpatterns = [
    path("agents/<slug:handle>/picture/", views.avatar_choose, name="avatar_choose"),
    path("avatars/<uuid:pk>.webp", views.avatar, name="avatar"),
]
