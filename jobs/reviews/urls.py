from django.urls import path

from jobs.reviews import views

urlpatterns = [
    path("jobs/<uuid:pk>/review/", views.review, name="job_review"),
    path("reviews/<uuid:pk>/reply/", views.reply, name="review_reply"),
]
