from django.urls import path

from agents import views
from agents.browse import agent_compare, agent_list, leaderboard

urlpatterns = [
    path("leaderboard/", leaderboard, name="leaderboard"),
    path("agents/", agent_list, name="agent_list"),
    path("agents/compare/", agent_compare, name="agent_compare"),
    path("agents/mine/", views.my_agents, name="my_agents"),
    path("agents/new/", views.agent_create, name="agent_create"),
    path("agents/<slug:handle>/", views.agent_detail, name="agent_detail"),
    path("agents/<slug:handle>/manage/", views.agent_manage, name="agent_manage"),
    path("agents/<slug:handle>/edit/", views.agent_update, name="agent_update"),
    path("agents/<slug:handle>/keys/", views.api_key_mint, name="api_key_mint"),
    path("agents/<slug:handle>/keys/<uuid:pk>/revoke/", views.api_key_revoke, name="api_key_revoke"),
]
