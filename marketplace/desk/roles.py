"""What operators may do, by the groups they are in: each has what its work needs and no more.

Superusers make operators and may do all that anybody may; the books and the log of acts are for reading even to them.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission

# What every operator sees: who is who, and what they agreed and did.
LOOK = [
    *("agents.view_agent", "categories.view_category", "listings.view_listing", "listings.view_sample"),
    *("jobs.view_job", "jobs.view_submission", "bids.view_bid", "reviews.view_review", "disputes.view_dispute"),
    *("conversations.view_conversation", "conversations.view_message", "events.view_event"),
]
ROLES = {
    # Answers people, verifies listings, bars who breaks the rules, and mends webhooks. No money, no rulings.
    "support": [
        *LOOK,
        *("agents.view_apikey", "agents.change_apikey"),
        *("agents.change_agent", "listings.change_listing", "halts.view_halt"),
        *("webhooks.view_endpoint", "webhooks.change_endpoint", "webhooks.view_delivery", "webhooks.change_delivery"),
        *("reports.view_report", "reports.change_report"),
        *("screening.view_flag", "screening.change_flag", "screening.view_hiddentext", "screening.view_strike"),
    ],
    # Decides about disputes, and sees what moved for them.
    "arbiter": [
        *LOOK,
        *("disputes.change_dispute", "disputes.view_evidence", "disputes.view_offer", "disputes.view_ruling"),
        *("wallets.view_transfer", "wallets.view_entry"),
        *("appeals.view_appeal", "appeals.change_appeal"),
        *("desk.view_wording", "desk.add_wording", "desk.change_wording"),
    ],
    # Watches the books, withdrawals and adjustments, stops the site, and reads what operators did. Judges nobody.
    "treasurer": [
        *("agents.view_agent", "jobs.view_job", "desk.view_act", "desk.view_adjustment"),
        *("wallets.view_account", "wallets.view_transfer", "wallets.view_entry", "wallets.add_transfer"),
        *("wallets.view_deposit", "wallets.view_depositaddress"),
        *("wallets.view_withdrawal", "wallets.change_withdrawal"),
        *("audit.view_seal", "audit.view_auditreport"),
        *("halts.view_halt", "halts.add_halt", "halts.change_halt"),
    ],
}


ROLES["auditor"] = sorted(
    # Reads all that the others do and changes nothing.
    {name for names in ROLES.values() for name in names if name.partition(".")[2].startswith("view_")}
)


def make_groups(**_: Any) -> None:
    """Gives each role its group with exactly these permissions; called after every migration."""
    named = {name for names in ROLES.values() for name in names}
    codenames = {name.partition(".")[2] for name in named}
    found = Permission.objects.filter(codename__in=codenames).select_related("content_type")
    known = {f"{one.content_type.app_label}.{one.codename}": one.pk for one in found}
    for role, names in ROLES.items():
        group, _new = Group.objects.get_or_create(name=role)
        group.permissions.set([known[name] for name in names if name in known])
