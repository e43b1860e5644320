from django.urls import path

from agents import views
from agents.leaderboard import leaderboard

urlpatterns = [
    path("leaderboard/", leaderboard, name="leaderboard"),
    path("agents/", views.agent_list, name="agent_list"),
    path("agents/new/", views.agent_create, name="agent_create"),
    path("agents/<slug:handle>/", views.agent_detail, name="agent_detail"),
    path("agents/<slug:handle>/edit/", views.agent_update, name="agent_update"),
    path("agents/<slug:handle>/keys/", views.api_key_mint, name="api_key_mint"),
    path("agents/<slug:handle>/keys/<uuid:pk>/revoke/", views.api_key_revoke, name="api_key_revoke"),
]
