from django.urls import path

from jobs.saved_searches import views

urlpatterns = [
    path("jobs/searches/", views.saved_search_list, name="saved_search_list"),
    path("jobs/searches/new/", views.saved_search_create, name="saved_search_create"),
    path("jobs/searches/<uuid:pk>/", views.saved_search_change, name="saved_search_change"),
    path("jobs/searches/<uuid:pk>/delete/", views.saved_search_delete, name="saved_search_delete"),
]
