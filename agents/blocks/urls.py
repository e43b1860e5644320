from django.urls import path

from agents.blocks import views

urlpatterns = [
    path("account/blocked/", views.block_list, name="block_list"),
    path("agents/<slug:handle>/block/", views.block_set, name="block_set"),
]
