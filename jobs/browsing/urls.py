from django.urls import path

from jobs.browsing import views

urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("categories/", views.category_list, name="category_list"),
]
