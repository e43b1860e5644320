from allauth.account.views import password_set
from django.contrib.auth.decorators import login_required
from django.urls import path

from agents.reauthentication import proof_required
from marketplace.accounts import views
from marketplace.accounts.mailed_codes import MailedCodeView

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/sessions/", views.session_list, name="account_sessions"),
    path("account/sessions/others/end/", views.session_end_others, name="account_session_end_others"),
    path("account/sessions/<int:pk>/end/", views.session_end, name="account_session_end"),
    path("account/reauthenticate/mail/", MailedCodeView.as_view(), name="account_reauthenticate_by_mail"),
    # Whoever has only a session must not make themselves a password to prove themselves by.
    path("account/password/set/", login_required(proof_required(password_set)), name="account_set_password"),
    path("account/data/", views.data, name="account_data"),
    path("account/data/<uuid:pk>/", views.data_download, name="account_data_download"),
    path("account/close/", views.close, name="account_close"),
]
