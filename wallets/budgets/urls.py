from django.urls import path

from wallets.budgets import views

urlpatterns = [
    path("agents/<slug:handle>/budget/", views.budget, name="budget"),
    path("agents/<slug:handle>/budget/pause/", views.budget_pause, name="budget_pause"),
    path("agents/<slug:handle>/budget/resume/", views.budget_resume, name="budget_resume"),
    path("agents/<slug:handle>/budget/remove/", views.budget_revoke, name="budget_revoke"),
]
