"""Every page of the site and who looks at it, over the world of tests/browser/world.py.

axe, the widths, the counting of queries and `make screenshots` go by it. A new page needs a row in PAGES, an address
that is no page for people a reason in NO_PAGES: test_catalogue.py says which one is missing.
"""

import re
from dataclasses import dataclass
from types import SimpleNamespace

VISITOR = ""
POSTER = "poster"
WORKER = "worker"
OWNER = "owner"
NEWCOMER = "newcomer"
EVERYBODY = (VISITOR, POSTER, WORKER, OWNER, NEWCOMER)


@dataclass(frozen=True)
class Page:
    """A path, with names of the world in braces, and the one of EVERYBODY who looks at it."""

    path: str
    who: str = POSTER
    status: int = 200

    def address(self, world: SimpleNamespace) -> str:
        return self.path.format(**vars(world))

    def __str__(self) -> str:
        """A name for files: `jobs-in_review-approve by poster`."""
        words = re.sub(r"[\W]+", "-", re.sub(r"\.\w+(?=})", "", self.path)).strip("-")
        return f"{words or 'home'} by {self.who or 'visitor'}"


PAGES = [
    # The front
    *(Page("/", who) for who in EVERYBODY),
    Page("/nowhere/", VISITOR, 404),
    Page("/styleguide/", VISITOR),
    Page("/help/", VISITOR),
    Page("/help/"),
    # Accounts
    Page("/account/login/", VISITOR),
    Page("/account/signup/", VISITOR),
    Page("/account/password/reset/", VISITOR),
    Page("/account/password/reset/done/", VISITOR),
    Page("/account/password/reset/key/{reset}/", VISITOR),
    Page("/account/password/reset/key/done/", VISITOR),
    Page("/account/confirm-email/", VISITOR),
    Page("/account/confirm-email/{confirmation}/", VISITOR),
    Page("/account/inactive/", VISITOR),
    Page("/account/reauthenticate/"),
    Page("/account/logout/"),
    Page("/account/password/change/"),
    Page("/account/email/"),
    Page("/account/mail/"),
    Page("/mail/unsubscribe/{unsubscribe}/", VISITOR),
    Page("/account/"),
    Page("/account/", NEWCOMER),
    Page("/account/handle/"),
    Page("/account/blocked/"),
    Page("/account/blocked/", NEWCOMER),
    Page("/agents/{worker.handle}/block/"),
    Page("/account/sessions/"),
    Page("/account/data/"),
    Page("/account/close/"),
    Page("/account/close/", NEWCOMER),
    Page("/account/second-factor/"),
    Page("/account/second-factor/", OWNER),
    Page("/account/second-factor/totp/activate/"),
    Page("/account/second-factor/totp/deactivate/", OWNER),
    Page("/account/second-factor/recovery-codes/", OWNER),
    Page("/account/second-factor/recovery-codes/generate/", OWNER),
    Page("/account/second-factor/reauthenticate/", OWNER),
    Page("/account/second-factor/webauthn/"),
    Page("/account/second-factor/webauthn/add/"),
    Page("/account/programs/"),
    Page("/device/"),
    Page("/device/?user_code={device.user_code}"),
    # Jobs
    Page("/jobs/", VISITOR),
    Page("/jobs/?q=nothing+is+called+this", VISITOR),
    Page("/jobs/"),
    Page("/jobs/?role=poster"),
    Page("/categories/", VISITOR),
    Page("/jobs/searches/"),
    Page("/jobs/searches/", NEWCOMER),
    Page("/jobs/searches/new/?q=paint"),
    Page("/jobs/searches/{search.pk}/"),
    Page("/jobs/searches/{search.pk}/delete/"),
    # Reports
    Page("/reports/new/agent/{worker.handle}/"),
    Page("/reports/new/job/{bidding.pk}/", WORKER),
    Page("/jobs/new/"),
    Page("/jobs/drafts/"),
    Page("/jobs/drafts/", NEWCOMER),
    Page("/jobs/drafts/{plan.pk}/delete/"),
    *(Page(f"/jobs/new/{{plan.pk}}/{step}/") for step in ("kind", "work", "who", "money", "check")),
    Page("/jobs/{completed.pk}/duplicate/"),
    Page("/jobs/{bidding.pk}/", VISITOR),
    *(
        Page(f"/jobs/{{{job}.pk}}/", who)
        for who, jobs in {
            POSTER: "draft open empty bidding offered assigned in_progress in_review completed cancelled disputed",
            WORKER: "open offered bidding by_hand",
            OWNER: "assigned in_progress in_review completed disputed",
        }.items()
        for job in jobs.split()
    ),
    Page("/jobs/{bidding.pk}/bids/{bid.pk}/accept/"),
    Page("/jobs/{bidding.pk}/bids/{bid.pk}/withdraw/", WORKER),
    Page("/jobs/{bidding.pk}/bids/{bid.pk}/sort/"),
    Page("/jobs/{bidding.pk}/bids/decline/?bid={bid.pk}&bid={rival.pk}"),
    Page("/jobs/{asking.pk}/", WORKER),
    Page("/jobs/{offered.pk}/offer/accept/", WORKER),
    Page("/jobs/{offered.pk}/offer/decline/", WORKER),
    Page("/jobs/{draft.pk}/publish/"),
    Page("/jobs/{open.pk}/cancel/"),
    Page("/jobs/{assigned.pk}/start/", OWNER),
    Page("/jobs/{by_hand.pk}/progress/", WORKER),
    Page("/jobs/{by_hand.pk}/submit/", WORKER),
    Page("/jobs/{assigned.pk}/give-back/", OWNER),
    Page("/jobs/{ended.pk}/"),
    Page("/jobs/{ended.pk}/", OWNER),
    Page("/jobs/{returned.pk}/"),
    Page("/jobs/{in_progress.pk}/change/time/"),
    Page("/jobs/{in_review.pk}/change/end/", OWNER),
    Page("/jobs/{in_progress.pk}/change/{wish.pk}/accept/"),
    Page("/jobs/{in_progress.pk}/change/{wish.pk}/decline/"),
    Page("/jobs/{in_progress.pk}/change/{counter.pk}/withdraw/"),
    Page("/jobs/{in_progress.pk}/change/{counter.pk}/accept/", OWNER),
    Page("/jobs/{in_review.pk}/approve/"),
    Page("/jobs/{in_review.pk}/reject/"),
    Page("/jobs/{in_review.pk}/dispute/"),
    Page("/jobs/{empty.pk}/update/"),
    Page("/jobs/{bidding.pk}/bids/compare/?bid={bid.pk}&bid={rival.pk}"),
    Page("/messages/"),
    Page("/messages/", NEWCOMER),
    Page("/messages/?q=hello"),
    Page("/messages/?q=nothing+says+this"),
    Page("/jobs/{in_review.pk}/messages/"),
    Page("/jobs/{in_review.pk}/messages/", OWNER),
    Page("/jobs/{unreviewed.pk}/review/"),
    Page("/reviews/{review.pk}/reply/"),
    Page("/jobs/{completed.pk}/receipt/"),
    Page("/jobs/{completed.pk}/receipt/", OWNER),
    # Disputes
    Page("/disputes/"),
    Page("/disputes/", WORKER),
    Page("/disputes/", NEWCOMER),
    Page("/disputes/?show=ended"),
    Page("/disputes/?show=ended", NEWCOMER),
    Page("/disputes/{case.pk}/"),
    Page("/disputes/{case.pk}/", OWNER),
    Page("/disputes/{mediated.pk}/"),
    Page("/disputes/{mediated.pk}/", WORKER),
    Page("/disputes/{arbitrated.pk}/", WORKER),
    Page("/disputes/{settled.pk}/"),
    Page("/disputes/{mediated.pk}/work/", WORKER),
    *(Page(f"/disputes/{{case.pk}}/{verb}/") for verb in ("offer", "add-evidence", "escalate", "close")),
    Page("/disputes/{mediated.pk}/respond/"),
    Page("/disputes/{mediated.pk}/ask/", WORKER),
    Page("/disputes/{mediated.pk}/extend/", WORKER),
    Page("/disputes/{judged.pk}/"),
    Page("/disputes/{judged.pk}/appeal/"),
    Page("/disputes/{mediated.pk}/propose/", WORKER),
    Page("/disputes/{arbitrated.pk}/resolve/", WORKER),
    Page("/disputes/{case.pk}/offers/{settlement.pk}/accept/"),
    Page("/disputes/{case.pk}/offers/{settlement.pk}/decline/"),
    # Agents
    Page("/leaderboard/", VISITOR),
    Page("/agents/{program.handle}/", VISITOR),
    Page("/agents/{worker.handle}/", VISITOR),
    Page("/agents/", VISITOR),
    Page("/agents/?q=nothing+is+called+this", VISITOR),
    Page("/agents/compare/?agent={listed.handle}&agent=wanda", VISITOR),
    Page("/agents/{listed.handle}/", VISITOR),
    Page("/agents/{listed.handle}/listing/"),
    Page("/agents/{mine.handle}/listing/"),
    Page("/agents/{listed.handle}/samples/add/"),
    Page("/agents/{listed.handle}/samples/{sample.pk}/remove/"),
    Page("/agents/favourites/"),
    Page("/agents/favourites/", NEWCOMER),
    Page("/agents/mine/"),
    Page("/agents/mine/", NEWCOMER),
    Page("/agents/{mine.handle}/manage/"),
    Page("/agents/new/"),
    Page("/agents/{mine.handle}/"),
    Page("/agents/{mine.handle}/edit/"),
    Page("/agents/{poster.handle}/picture/"),
    Page("/agents/{mine.handle}/keys/{key.pk}/revoke/"),
    Page("/agents/{mine.handle}/budget/"),
    Page("/agents/{mine.handle}/budget/remove/"),
    Page("/agents/{mine.handle}/bids-left/"),
    Page("/agents/{mine.handle}/webhooks/"),
    Page("/agents/{mine.handle}/webhooks/new/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/edit/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/rotate/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/delete/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/resend/"),
    Page("/agents/{mine.handle}/webhooks/{endpoint.pk}/deliveries/{delivery.pk}/"),
    Page("/agent-claim?token={claim_token}", VISITOR),
    Page("/agent-claim?token={claim_token}", NEWCOMER),
    Page("/inbox/"),
    Page("/inbox/?show=unread"),
    Page("/inbox/", NEWCOMER),
    # Money
    Page("/wallet/"),
    Page("/wallet/", NEWCOMER),
    Page("/wallet/statements/{month}/"),
    Page("/wallet/statements/{month}/", NEWCOMER),
    Page("/wallet/deposits/"),
    Page("/wallet/deposits/new/"),
    Page("/wallet/deposits/{deposit.pk}/"),
    Page("/wallet/withdrawals/"),
    Page("/wallet/withdrawals/new/"),
    Page("/wallet/withdrawals/{withdrawal.pk}/"),
]

# Names of addresses outside the APIs and the admin that show people no page of ours, and why.
NO_PAGES = {
    **dict.fromkeys(
        (
            *("theme", "bid_place", "api_key_mint", "budget_pause", "budget_resume", "inbox_open", "inbox_read"),
            *("inbox_read_all", "mail_try_again", "program_revoke", "webhook_pause", "webhook_resume", "webhook_test"),
            *("webhook_delivery_resend", "withdrawal_confirm", "account_session_end", "account_session_end_others"),
            *("listing_move", "favourite_set", "draft_preview"),
        ),
        "answers what was sent to it",
    ),
    **dict.fromkeys(
        ("wallet_export", "account_data_download", "mfa_download_recovery_codes", "file", "file_preview", "avatar"),
        "a file",
    ),
    **dict.fromkeys(
        (
            *("mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate_webauthn"),
            *("mfa_edit_webauthn", "mfa_remove_webauthn"),
        ),
        "in the midst of a ceremony: tests/browser/test_account.py",
    ),
    "api_docs": "Swagger UI: tests/browser/test_docs.py",
    "openapi": "for programs",
    "api_error": "plain words for programmers",
    "llms": "text",
    "skill": "text",
    "documentation": "text",
    "example": "text",
    "live_badge": "a part of pages",
    "draft_resume": "leads on to the step that was reached",
    "account_set_password": "leads on: everybody here has a password",
    "account_reauthenticate_by_mail": "leads on: likewise",
    "account_confirm_login_code": "leads on: nobody logs in by a code",
}
