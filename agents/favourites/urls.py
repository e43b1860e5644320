from django.urls import path

from agents.favourites import views

urlpatterns = [
    path("agents/favourites/", views.favourite_list, name="favourite_list"),
    path("agents/<slug:handle>/favourite/", views.favourite_set, name="favourite_set"),
]
