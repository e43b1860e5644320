from django.urls import path

from marketplace.accounts import views

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/sessions/", views.session_list, name="account_sessions"),
    path("account/sessions/others/end/", views.session_end_others, name="account_session_end_others"),
    path("account/sessions/<int:pk>/end/", views.session_end, name="account_session_end"),
    path("account/data/", views.data, name="account_data"),
    path("account/data/<uuid:pk>/", views.data_download, name="account_data_download"),
    path("account/close/", views.close, name="account_close"),
]
