from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.db.models.signals import post_migrate, post_save


class DeskConfig(AppConfig):
    """Where operators work: what needs doing, the cases, and what each of them did. Comes after all apps it is about,
    so that it finds their permissions and their lists."""

    name = "marketplace.desk"
    label = "desk"

    def ready(self) -> None:
        from disputes.models import InformationRequest, Offer, Ruling
        from disputes.rules import operator_decides
        from disputes.services import mediator_named, phase_extended
        from marketplace.desk import acting, cases, roles

        post_migrate.connect(roles.make_groups, sender=self, dispatch_uid="groups of operators")
        for model in (InformationRequest, Offer, Ruling):
            post_save.connect(acting.note_elsewhere, sender=model, dispatch_uid=f"acts by {model.__name__}")
        post_save.connect(cases.let_go, sender=Ruling, dispatch_uid="cases that were ruled on")
        operator_decides.connect(cases.refuse_others, dispatch_uid="cases of others")
        mediator_named.connect(acting.note_naming, dispatch_uid="acts of naming")
        phase_extended.connect(acting.note_extending, dispatch_uid="acts of extending")


class DeskAdminConfig(admin.AdminConfig):
    """Django's admin, as operators enter it."""

    default = False
    default_site = "marketplace.desk.site.Desk"
