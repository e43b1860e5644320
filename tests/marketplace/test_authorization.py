"""Who may do what over HTTP, for every operation of the OpenAPI document (SURVIVE S1, FEATURES J1, J2).

A new operation fails here until it has a row.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pgtrigger
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from agents.claims.services import sign_up_agent
from agents.files.services import store_file
from agents.listings.services import add_sample
from agents.models import Agent, User
from agents.services import mint_api_key, revoke_api_key, set_suspension
from agents.webhooks.models import Delivery
from agents.webhooks.services import send_test, set_endpoint
from bids.models import Bid
from disputes.models import Dispute
from disputes.offers import make_offer
from jobs.agreements.services import propose_end
from jobs.bidding import RULES
from jobs.drafts.services import start_draft
from jobs.lifecycle import Status
from jobs.models import Job, JobTemplate
from jobs.queries import is_sealed
from jobs.reviews.services import give_review, reveal_reviews
from jobs.saved_searches.services import save_search
from marketplace.accounts.services import request_export
from marketplace.api.docs import openapi_document
from marketplace.events.models import Event
from marketplace.events.relay import relay_batch
from marketplace.money import MICRO
from tests.factories import fund, job_in, make_agent, make_person, open_job, wanted_job
from tests.fixtures import ApiClient, api_for
from tests.pages import prove
from tests.wallets.outside import ADDRESS
from tests.wallets.test_withdrawals import withdraw
from wallets.models import Account, Deposit, Withdrawal
from wallets.services import announce_deposit

ROLES = ("anonymous", "outsider", "worker", "poster")
# Bid as well, and lost or will lose: answered as an outsider but for what LOSERS says.
LOSER = "loser"
# With a session instead of a key. A row says nothing of them where the owner of the worker is answered as the worker
# is, and an operator as an outsider: what operators do, they do in the admin.
SESSIONS = ("owner", "operator")
ANYONE = (200, 200, 200, 200)
LOGGED_IN = (401, 200, 200, 200)
NOWHERE = "01a200e4-5f3c-7696-b7e6-b0b5a524dbbf"
OF_THE_REQUEST = {"requestId", "timestamp", "instance", "path"}
CREATED = (401, 201, 201, 201)
NOBODY = (401, 403, 403, 403)
# Only the owner, and only if there is a budget.
GRANTOR = (401, 403, 403, 403, 404, 403)
POSTER = (401, 403, 403, 200)
WORKER = (401, 403, 200, 403)
DRAFT_OF_POSTER = (401, 404, 404, 200)
OF_MEDIATORS = (401, 404, 403, 403, 403, 403)
OWN_DRAFT = (401, 404, 404, 200)
# Nobody else learns where an agent is told what happens, or whether it is.
HEARER = (401, 404, 200, 404)
# Operation → rows of (status of the job, body, what each of ROLES is answered, and of SESSIONS where they are answered
# differently; None: not asked). A second method for
# the same operation (submit by POST) has the same rows. The agent in an address is the worker.
ROWS: dict[str, list[tuple[Status, Any, tuple[int | None, ...]]]] = {
    "agentsList": [(Status.OPEN, None, ANYONE)],
    "agentsCreate": [(Status.OPEN, {"name": "New"}, CREATED)],
    "agentsRetrieve": [(Status.OPEN, None, ANYONE)],
    "agentsPartialUpdate": [(Status.OPEN, {"description": "Changed."}, WORKER)],
    "agentsMe": [(Status.OPEN, None, LOGGED_IN)],
    "agentsUpdateOwn": [(Status.OPEN, {"description": "Changed."}, LOGGED_IN)],
    # The worker is an AI agent, which keeps its handle.
    "avatarsCreate": [(Status.OPEN, {"file": "text"}, (401, 415, 415, 415))],
    "avatarsDestroy": [(Status.OPEN, None, WORKER)],
    "handlesChange": [(Status.OPEN, {"handle": "another"}, (401, 403, 403, 403))],
    "agentsHeartbeat": [(Status.OPEN, {"statusReport": "Busy."}, (401, 403, 201, 403))],
    "agentsOwnHeartbeat": [(Status.OPEN, None, CREATED)],
    "agentsWebhook": [(Status.OPEN, {"url": "http://127.0.0.1:9/"}, (401, 403, 201, 403))],
    "agentsTestWebhook": [(Status.OPEN, None, (401, 404, 201, 404))],
    "agentsAvailability": [(Status.OPEN, None, ANYONE)],
    # The worker, of whom everybody knows, has no listing; who sees one in which status is in tests/agents/listings.
    "listingsRetrieve": [(Status.OPEN, None, (404, None, 404, 404))],
    "listingsPartialUpdate": [(Status.OPEN, {"tagline": "Reports."}, WORKER)],
    "listingsPublish": [(Status.OPEN, None, (401, 403, 404, 403))],
    "listingsWithdraw": [(Status.OPEN, None, (401, 403, 404, 403))],
    "listingsHide": [(Status.OPEN, None, (401, 403, 404, 403))],
    "listingsShow": [(Status.OPEN, None, (401, 403, 404, 403))],
    "samplesList": [(Status.OPEN, None, ANYONE)],
    "samplesCreate": [(Status.OPEN, {"title": "A report", "text": "Figures."}, (401, 403, 201, 403))],
    "samplesDestroy": [(Status.OPEN, None, HEARER)],
    "heartbeatsRetrieve": [(Status.OPEN, None, WORKER)],
    "workRecordsRetrieve": [(Status.OPEN, None, ANYONE)],
    "agentRegistrationsCreate": [(Status.OPEN, {"name": "New"}, (201, 201, 201, 201))],
    "agentSignupsCreate": [(Status.OPEN, {"name": "New", "ownerEmail": "olga@people.example"}, (201, 201, 201, 201))],
    "agentSignupsRetrieve": [(Status.OPEN, None, ANYONE)],
    "agentSignupsResend": [(Status.OPEN, None, ANYONE)],
    # A person claims; who the owner is, is in the mail (tests/agents/claims).
    "agentSignupsClaim": [(Status.OPEN, {"claimToken": "mj_claim_invented"}, (401, 403, 403, 400, 400, 400))],
    "webhooksList": [(Status.OPEN, None, HEARER)],
    "webhooksCreate": [(Status.OPEN, {"url": "http://127.0.0.1:9/new"}, (401, 404, 201, 404))],
    "webhooksRetrieve": [(Status.OPEN, None, HEARER)],
    "webhooksPartialUpdate": [(Status.OPEN, {"name": "Changed"}, HEARER)],
    "webhooksDestroy": [(Status.OPEN, None, HEARER)],
    "webhooksPause": [(Status.OPEN, None, HEARER)],
    "webhooksResume": [(Status.OPEN, None, HEARER)],
    "webhooksRotateSecret": [(Status.OPEN, None, HEARER)],
    "webhooksTest": [(Status.OPEN, None, (401, 404, 201, 404))],
    "webhooksResend": [(Status.OPEN, {"since": "2026-01-01T00:00:00Z"}, HEARER)],
    "webhooksReplay": [(Status.OPEN, {"since": "2026-01-01T00:00:00Z"}, HEARER)],
    "webhookDeliveriesList": [(Status.OPEN, None, HEARER)],
    "webhookDeliveriesRetrieve": [(Status.OPEN, None, HEARER)],
    "webhookDeliveriesResend": [(Status.OPEN, None, HEARER)],
    "notificationsList": [(Status.ASSIGNED, None, WORKER)],
    "notificationsUnreadCount": [(Status.ASSIGNED, None, WORKER)],
    "notificationsMarkRead": [(Status.ASSIGNED, None, WORKER)],
    "notificationsReadAll": [(Status.ASSIGNED, None, WORKER)],
    "agentJobsList": [(Status.IN_REVIEW, None, LOGGED_IN)],
    "apiKeysList": [(Status.OPEN, None, WORKER)],
    "apiKeysCreate": [(Status.OPEN, {"name": "New"}, (401, 403, 201, 403))],
    "apiKeysRevoke": [(Status.OPEN, None, WORKER)],
    "walletsRetrieve": [(Status.OPEN, None, WORKER)],
    "walletsList": [(Status.OPEN, None, WORKER)],
    "auditRetrieve": [(Status.OPEN, None, ANYONE)],
    "auditList": [(Status.OPEN, None, ANYONE)],
    "walletsStatement": [(Status.OPEN, None, WORKER)],
    "walletsProvision": [(Status.OPEN, None, WORKER)],
    # The worker has no money; whether it may ask is known before that.
    "withdrawalsCreate": [(Status.OPEN, {"toAddress": ADDRESS, "amountUsdc": "1"}, (401, 403, 402, 403))],
    "withdrawalsCreateOf": [
        (Status.OPEN, {"agentId": "{worker}", "toAddress": ADDRESS, "amountUsdc": "1"}, (401, 403, 402, 403))
    ],
    "withdrawalsList": [(Status.OPEN, None, WORKER)],
    "withdrawalsRetrieve": [(Status.OPEN, None, (401, 403, 200, 403))],
    "depositsList": [(Status.OPEN, None, WORKER)],
    "depositsCreate": [(Status.OPEN, {"amountUsdc": "5"}, (401, 403, 201, 403))],
    "depositsRetrieve": [(Status.OPEN, None, (401, 403, 200, 403))],
    # The worker's owner alone decides on its budget, and nobody has granted one.
    "budgetsList": [(Status.OPEN, None, LOGGED_IN)],
    "budgetsRetrieve": [(Status.OPEN, None, (401, 403, 404, 403))],
    "budgetsUpdate": [
        (Status.OPEN, {"perJobUsdc": "1", "dailyUsdc": "2", "monthlyUsdc": "3"}, (401, 403, 403, 403, 200, 403))
    ],
    "budgetsPartialUpdate": [(Status.OPEN, {"dailyUsdc": "2"}, GRANTOR)],
    "budgetsDestroy": [(Status.OPEN, None, GRANTOR)],
    "budgetsPause": [(Status.OPEN, None, GRANTOR)],
    "budgetsResume": [(Status.OPEN, None, GRANTOR)],
    "eventsList": [(Status.OPEN, None, LOGGED_IN)],
    "eventsStream": [(Status.OPEN, None, (401, 307, 307, 307))],
    "healthGet": [(Status.OPEN, None, ANYONE)],
    "healthLiveGet": [(Status.OPEN, None, ANYONE)],
    # Beside the tests no worker runs (tests/faults/test_health.py).
    "healthReadyGet": [(Status.OPEN, None, (503, 503, 503, 503))],
    "statsGet": [(Status.OPEN, None, ANYONE)],
    # What an AI agent has belongs to the account of its owner, and a key closes none; the owner of the worker has a bid
    # that waits for an answer.
    "accountExportsList": [(Status.OPEN, None, LOGGED_IN)],
    "accountExportsCreate": [(Status.OPEN, None, (401, 403, 403, 201, 201, 201))],
    "accountExportsRetrieve": [(Status.OPEN, None, (401, 404, 404, 200))],
    # It is still being made.
    "accountExportsContent": [(Status.OPEN, None, (401, 404, 404, 404))],
    "accountClosingRetrieve": [(Status.OPEN, None, (401, 403, 403, 200, 200, 200))],
    "accountClosingCreate": [(Status.OPEN, None, (401, 403, 403, 403, 409, 200))],
    "activityList": [(Status.OPEN, None, ANYONE)],
    "releasesGet": [(Status.OPEN, None, ANYONE)],
    "oauthRegister": [(Status.OPEN, {"client_name": "cli"}, (201, 201, 201, 201))],
    # Nobody has registered that program; how it goes on is in tests/agents/oauth.
    "oauthDeviceAuthorization": [(Status.OPEN, {"client_id": "nobody"}, (400, 400, 400, 400))],
    "oauthToken": [(Status.OPEN, {"grant_type": "refresh_token", "refresh_token": "x"}, (400, 400, 400, 400))],
    "authMe": [(Status.OPEN, None, LOGGED_IN)],
    # Not set up in the tests.
    "authGoogle": [(Status.OPEN, None, (501, 501, 501, 501))],
    "jobPublicRetrieve": [(Status.OPEN, None, ANYONE), (Status.DRAFT, None, (404, 404, 404, 404))],
    "publicJobsRetrieve": [(Status.OPEN, None, ANYONE), (Status.DRAFT, None, (404, 404, 404, 404))],
    "templatesList": [(Status.OPEN, None, ANYONE)],
    "templatesRetrieve": [(Status.OPEN, None, ANYONE)],
    "jobsList": [(Status.OPEN, None, ANYONE)],
    "jobsCreate": [(Status.OPEN, {"title": "New", "budgetUsdc": "5"}, CREATED)],
    "jobDraftsList": [(Status.OPEN, None, LOGGED_IN)],
    "jobDraftsCreate": [(Status.OPEN, {"data": {"title": "New"}}, CREATED)],
    # The draft is the poster's; the worker's owner and operators are strangers too.
    "jobDraftsRetrieve": [(Status.OPEN, None, OWN_DRAFT)],
    "jobDraftsPartialUpdate": [(Status.OPEN, {"data": {"title": "Changed"}}, OWN_DRAFT)],
    "jobDraftsDestroy": [(Status.OPEN, None, OWN_DRAFT)],
    "jobDraftsPublish": [(Status.OPEN, None, (401, 404, 404, 201))],
    "foundMessagesList": [(Status.OPEN, None, LOGGED_IN)],
    "jobDraftsPriceHint": [(Status.OPEN, None, LOGGED_IN)],
    "jobDraftsPreview": [(Status.OPEN, {"text": "**A stool**"}, LOGGED_IN)],
    "jobsDuplicate": [(Status.OPEN, None, (401, 403, 403, 201)), (Status.DRAFT, None, (401, 404, 404, 201))],
    "jobsRetrieve": [(Status.OPEN, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobsPartialUpdate": [
        (Status.OPEN, {"title": "Changed"}, POSTER),
        (Status.DRAFT, {"title": "Changed"}, DRAFT_OF_POSTER),
        (Status.ASSIGNED, {"title": "Changed"}, (401, 403, 403, 409)),
    ],
    "jobsPublish": [(Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobsAssign": [(Status.OPEN, {"agentId": "{worker}"}, POSTER)],
    # Offered to the worker: these jobs are not, so nobody may; tests/bids/test_direct_offers.py has those that are.
    "jobsAcceptOffer": [(Status.OPEN, None, NOBODY)],
    "jobsDecline": [(Status.OPEN, None, NOBODY)],
    "jobsStart": [(Status.ASSIGNED, None, WORKER), (Status.OPEN, None, (401, 403, 403, 403))],
    "jobsProgress": [(Status.IN_PROGRESS, {"percent": 50}, WORKER)],
    "jobsSubmit": [(Status.IN_PROGRESS, {"outputData": {"text": "done"}}, WORKER)],
    "jobsApprove": [(Status.IN_REVIEW, None, POSTER), (Status.IN_PROGRESS, None, (401, 403, 403, 409))],
    "jobsReleaseEscrow": [(Status.IN_REVIEW, None, POSTER), (Status.IN_PROGRESS, None, (401, 403, 403, 409))],
    "jobsTip": [
        (Status.COMPLETED, {"amountUsdc": "1"}, POSTER),
        (Status.IN_REVIEW, {"amountUsdc": "1"}, (401, 403, 403, 409)),
    ],
    "jobReviewsList": [(Status.COMPLETED, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobReviewsCreate": [
        (Status.COMPLETED, {"rating": 5}, (401, 403, 201, 201)),
        (Status.IN_REVIEW, {"rating": 5}, (401, 403, 409, 409)),
    ],
    # The poster's of the worker.
    "reviewsRetrieve": [(Status.COMPLETED, None, ANYONE)],
    "reviewsAnswer": [(Status.COMPLETED, {"reply": "Thank you."}, (401, 403, 201, 403))],
    "categoriesList": [(Status.OPEN, None, ANYONE)],
    "jobFacetsList": [(Status.OPEN, None, ANYONE)],
    "reportsList": [(Status.OPEN, None, LOGGED_IN)],
    # Nobody reports themselves.
    "reportsCreate": [
        (Status.OPEN, {"about": "agent", "id": "{worker}", "reason": "FRAUD"}, (401, 201, 400, 201, 400, 201))
    ],
    "savedSearchesList": [(Status.OPEN, None, LOGGED_IN)],
    "savedSearchesCreate": [(Status.OPEN, {"name": "New", "filters": {"q": "report"}}, CREATED)],
    # The worker's own, which its owner has no part in.
    "savedSearchesRetrieve": [(Status.OPEN, None, (401, 404, 200, 404, 404, 404))],
    "savedSearchesPartialUpdate": [(Status.OPEN, {"alerts": False}, (401, 404, 200, 404, 404, 404))],
    "savedSearchesDestroy": [(Status.OPEN, None, (401, 404, 200, 404, 404, 404))],
    "agentReviewsList": [(Status.COMPLETED, None, ANYONE)],
    "jobsGiveBack": [
        (Status.IN_PROGRESS, {"reason": "I cannot."}, WORKER),
        (Status.IN_REVIEW, None, (401, 403, 409, 403)),
    ],
    "jobAgreementsList": [(Status.IN_PROGRESS, None, (401, 403, 200, 200))],
    "jobAgreementsCreate": [
        (Status.IN_PROGRESS, {"kind": "CANCEL", "outcome": "REFUND"}, (401, 403, 201, 201)),
        (Status.OPEN, {"kind": "CANCEL", "outcome": "REFUND"}, (401, 403, 403, 409)),
    ],
    # The worker proposed it.
    "jobAgreementsAccept": [(Status.IN_PROGRESS, None, POSTER)],
    "jobAgreementsDecline": [(Status.IN_PROGRESS, None, POSTER)],
    "jobAgreementsWithdraw": [(Status.IN_PROGRESS, None, WORKER)],
    "jobsReject": [(Status.IN_REVIEW, {"reason": "Too long."}, POSTER)],
    "jobsCancel": [(Status.OPEN, None, POSTER), (Status.COMPLETED, None, (401, 403, 403, 409))],
    "filesList": [(Status.OPEN, None, LOGGED_IN)],
    # A file comes as a form (tests/agents/files); who may read one is in the table there.
    "filesCreate": [(Status.OPEN, {"file": "text"}, (401, 415, 415, 415))],
    "filesRetrieve": [(Status.OPEN, None, (404, 404, 200, 404))],
    "filesContent": [(Status.OPEN, None, (404, 404, 200, 404))],
    "filesDestroy": [(Status.OPEN, None, (401, 404, 200, 404))],
    "conversationsList": [(Status.OPEN, None, LOGGED_IN)],
    "jobMessagesMarkRead": [(Status.IN_PROGRESS, None, (401, 403, 200, 200)), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobMessagesList": [(Status.IN_PROGRESS, None, (401, 403, 200, 200)), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobMessagesCreate": [
        (Status.IN_PROGRESS, {"content": "Hello"}, (401, 403, 201, 201)),
        (Status.OPEN, {"content": "Hello"}, (401, 403, 403, 409)),
    ],
    "jobSubmissionsList": [(Status.IN_REVIEW, None, (401, 403, 200, 200)), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "jobEventsList": [(Status.IN_REVIEW, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    "bidsList": [(Status.OPEN, None, LOGGED_IN), (Status.DRAFT, None, DRAFT_OF_POSTER)],
    # The worker has a bid already, which is its owner's as well; and nobody bids on a job of their own.
    "bidsCreate": [(Status.OPEN, {"amount": "50"}, (401, 201, 409, 403, 409, 201))],
    "bidsApply": [(Status.OPEN, {"bidAmount": "50"}, (401, 201, 409, 403, 409, 201))],
    "bidsAllowance": [(Status.OPEN, None, WORKER)],
    # The worker may, and has no money.
    "bidsBuy": [(Status.OPEN, {"quantity": 1}, (401, 403, 402, 403))],
    "bidsBuyExtra": [(Status.OPEN, {"quantity": 1, "agentId": "{worker}"}, (401, 403, 402, 403))],
    # An outsider may not know of the bid.
    "bidsAccept": [(Status.OPEN, None, (401, 404, 403, 200))],
    "bidsDestroy": [(Status.OPEN, None, (401, 404, 200, 403))],
    # For the poster alone, whose bids they are to sort.
    "bidsSorting": [(Status.OPEN, {"pile": "SHORTLISTED", "note": "Fast."}, (401, 404, 403, 200))],
    # The poster may, but there is no such bid: tests/bids/test_declining.py.
    "bidsDecline": [(Status.OPEN, {"bidIds": [NOWHERE]}, (401, 403, 403, 400))],
    "blocksList": [(Status.OPEN, None, LOGGED_IN)],
    # Nobody blocks themselves, or an agent of their own.
    "blocksAdd": [(Status.OPEN, None, (401, 200, 400, 200, 400, 200))],
    "blocksRemove": [(Status.OPEN, None, LOGGED_IN)],
    "favouritesList": [(Status.OPEN, None, LOGGED_IN)],
    # Of the worker, who is no favourite of its own.
    "favouritesAdd": [(Status.OPEN, None, (401, 200, 400, 200, 200, 200))],
    "favouritesRemove": [(Status.OPEN, None, LOGGED_IN)],
    "jobDisputesList": [(Status.DISPUTED, None, (401, 404, 200, 200))],
    # Either party, but one dispute at a time.
    "jobDisputesCreate": [
        (Status.IN_REVIEW, {"reason": "Not what was agreed."}, (401, 403, 201, None)),
        (Status.IN_PROGRESS, {"reason": "Not what was agreed."}, (401, 403, None, 201)),
    ],
    "disputesList": [(Status.DISPUTED, None, LOGGED_IN)],
    # Of a job that is not there; of one that is, jobDisputesCreate says who may.
    "disputesCreate": [(Status.IN_REVIEW, {"jobId": NOWHERE, "reason": "Not so."}, (401, 404, 404, 404))],
    "disputesRetrieve": [(Status.DISPUTED, None, (401, 404, 200, 200, 200, 200))],
    # The poster opened it, so the worker answers and the poster may close it.
    "disputesRespond": [(Status.DISPUTED, {"statement": "It is."}, (401, 404, 200, 403, 200, 403))],
    "disputesClose": [(Status.DISPUTED, None, (401, 404, 403, 200, 403, 403))],
    "disputesEvidence": [(Status.DISPUTED, {"text": "See there."}, (401, 404, 201, 201, 201, 403))],
    "disputesEscalate": [(Status.DISPUTED, None, (401, 404, 200, 200, 200, 403))],
    # For mediators and operators whose role it is: tests/disputes/test_api.py.
    "disputesAsk": [(Status.DISPUTED, {"of": "BOTH", "question": "When?"}, OF_MEDIATORS)],
    "disputesResolve": [(Status.DISPUTED, {"outcome": "PAY", "note": "As it is."}, OF_MEDIATORS)],
    "disputesAssign": [(Status.DISPUTED, {"mediatorId": "{worker}"}, OF_MEDIATORS)],
    "disputesExtend": [(Status.DISPUTED, None, OF_MEDIATORS)],
    "disputeAppealsList": [(Status.DISPUTED, None, (401, 404, 200, 200, 200, 200))],
    # Only what was ruled on: tests/disputes/test_appeals.py.
    "disputeAppealsCreate": [(Status.DISPUTED, {"reason": "Look again."}, (401, 404, 409, 409, 409, 403))],
    "disputeMessagesList": [(Status.DISPUTED, None, (401, 404, 200, 200, 200, 200))],
    "disputeOffersCreate": [
        (Status.DISPUTED, {"outcome": "SPLIT", "posterBps": 5000}, (401, 404, 201, 201, 201, 403)),
    ],
    # The worker made the offer.
    "disputeOffersAccept": [(Status.DISPUTED, None, (401, 404, 409, 200, 409, 403))],
    "disputeOffersDecline": [(Status.DISPUTED, None, (401, 404, None, 200, 200, 403))],
}
# One bid each.
LOSERS = {("bidsCreate", Status.OPEN): 409, ("bidsApply", Status.OPEN): 409}


@dataclass(frozen=True)
class Operation:
    method: str
    address: str
    name: str

    @property
    def row_name(self) -> str:
        return self.name.removesuffix("Post").removesuffix("Patch")


@cache
def operations() -> list[Operation]:
    return [
        Operation(method.upper(), address.removeprefix("/v1"), operation["operationId"])
        for address, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    ]


def cases():
    """Keys and sessions apart: what one has done, the other could not do again."""
    for operation in operations():
        for status, body, answers in ROWS.get(operation.row_name, []):
            anonymous, outsider, worker, poster, *of_sessions = answers
            keys = dict(zip(ROLES, (anonymous, outsider, worker, poster), strict=True))
            keys[LOSER] = LOSERS.get((operation.row_name, status), outsider)
            sessions = dict(zip(SESSIONS, of_sessions or (worker, outsider), strict=True))
            for doors, asked in (("keys", keys), ("sessions", sessions)):
                yield pytest.param(operation, status, body, asked, id=f"{operation.name}-{status}-{doors}")


@pytest.fixture
def loser(db):
    """An AI agent that bids for the same jobs as the worker, and asks for more."""
    return make_agent(name="Luke")


@pytest.fixture
def scene(poster, worker, outsider, loser, settings):
    """Clients of all roles, and what fills an address."""
    settings.STREAM_URL = "http://127.0.0.1:9"

    class Scene:
        clients = {
            "anonymous": ApiClient(),
            "outsider": api_for(outsider),
            "worker": api_for(worker),
            "poster": api_for(poster),
            LOSER: api_for(loser),
            "owner": session_of(worker.owner.agent),
            "operator": session_of(make_person("Olga", is_staff=True)),
        }

        def make(self, status: Status) -> Job:
            JobTemplate.objects.create(slug="essay", name="Essay")
            return job_in(status, poster, worker, rival=loser)

        def address(self, template: str, job: Job) -> str:
            if template == "/agents/availability":
                return f"{template}?handle=free"
            if template == "/conversations/messages":
                return f"{template}?q=hello"
            test = webhook_test(worker) if "/webhook" in template else None
            dispute = job.disputes.first()
            own: Any
            own_id = {"/agents": worker.handle, "/jobs": job.pk, "/public/jobs": job.pk, "/templates": "essay"}
            if "/agreements/{id}" in template:
                own = propose_end(job=job, actor=worker, to_poster=MICRO).pk if job.worker_id else NOWHERE
            elif template.startswith("/disputes/{id}"):
                own = dispute.pk if dispute else NOWHERE
            elif "/offers/{id}" in template:
                own = make_offer(dispute=dispute, actor=worker, to_poster=MICRO).pk if dispute else NOWHERE
            elif template.endswith(("/accept", "/bids/{id}", "/sorting")):
                own = job.bids.get(bidder=worker).pk
            elif test and "/deliveries/{id}" in template:
                own = test.pk
            elif "/webhooks/{id}" in template:
                own = test.endpoint_id
            elif "/job-drafts/{id}" in template:
                own = start_draft(actor=poster, data={"title": "Soon", "budgetUsdc": "5"}).pk
            elif template.startswith("/account/exports/{id}"):
                own = request_export(actor=poster).pk
            elif template.startswith("/files/{id}"):
                own = store_file(actor=worker, upload=SimpleUploadedFile("notes.txt", b"notes")).pk
            elif "/saved-searches/{id}" in template:
                own = save_search(actor=worker, name="Reports", filters={"q": "report"}).pk
            elif template.startswith("/reviews/{id}"):
                own = NOWHERE
                if job.status == Status.COMPLETED:
                    own = give_review(job=job, actor=poster, rating=5).pk
                    reveal_reviews(job=job)
            elif "/notifications/{id}" in template:
                relay_batch()
                own = worker.notifications.latest("id").pk
            elif "/samples/{id}" in template:
                own = add_sample(agent=worker, actor=worker, title="A report", text="Figures.").pk
            elif "/agent-signups/{id}" in template:
                own = sign_up_agent(owner_email="olga@people.example", name="New").pk
            elif template.endswith("/revoke"):
                own = mint_api_key(agent=worker, name="spare", actor=worker)[0].pk
            elif template.endswith("/withdrawals/{id}"):
                own = withdraw(fund(worker, MICRO), MICRO).pk
            elif template.endswith("/deposits/{id}"):
                own = announce_deposit(agent=worker, amount=MICRO, actor=worker).pk
            else:
                own = next((own for start, own in own_id.items() if template.startswith(start)), "")
            return template.format(
                id=own,
                agentId=worker.handle,
                jobId=job.pk,
                endpointId=test.endpoint_id if test else "",
                disputeId=dispute.pk if dispute else NOWHERE,
                month=f"{datetime.now(UTC):%Y-%m}",
            )

    return Scene()


def session_of(person: Agent) -> ApiClient:
    """A client that is logged in as the person, at a page of this site."""
    api = ApiClient()
    assert person.user is not None
    api.client.force_login(person.user)
    prove(api.client)
    api.client.defaults["HTTP_ORIGIN"] = "http://testserver"
    return api


def webhook_test(agent: Agent) -> Delivery:
    """What was sent to a webhook of the agent."""
    endpoint, _ = set_endpoint(agent=agent, url="http://127.0.0.1:9/hooks", actor=agent)
    return send_test(endpoint=endpoint, actor=agent)


def filled_in(body: Any, worker: Agent) -> Any:
    """The body of a row, with the worker in its place."""
    return {name: worker.handle if value == "{worker}" else value for name, value in body.items()} if body else None


def said_by(response) -> str:
    """The body, of a file that is sent in pieces as well; read to its end, that file is closed."""
    return (response.getvalue() if response.streaming else response.content).decode()


def test_every_operation_has_a_row():
    assert {operation.row_name for operation in operations()} == set(ROWS)


@pytest.mark.parametrize(("operation", "status", "body", "answers"), list(cases()))
def test_each_role_is_answered_as_the_table_says(scene, worker, operation, status, body, answers):
    """Refusals first: they change nothing, or those who may would not be answered as they are."""
    job = scene.make(status)
    address = scene.address(operation.address, job)
    sent = filled_in(body, worker)
    before = Event.objects.count()
    asked = [(role, answer) for role, answer in answers.items() if answer]
    expected = sorted(asked, key=lambda pair: pair[1] < 400)
    for role, answer in expected:
        if answer < 400:
            break
        response = scene.clients[role].send(operation.method, address, sent)
        assert (role, response.status_code) == (role, answer), response.content
        assert Event.objects.count() == before
    for role, answer in expected:
        if answer < 400:
            response = scene.clients[role].send(operation.method, address, sent)
            said = said_by(response)
            assert (role, response.status_code) == (role, answer), said


# What a suspended person still does: it changes nothing that others see.
HARMLESS = {"jobDraftsPreview", "jobMessagesMarkRead", "notificationsMarkRead", "notificationsReadAll"}


def writes():
    """Each operation that changes something, with the first row that lets somebody do it."""
    for operation in operations():
        rows = ROWS.get(operation.row_name, [])
        row = next((row for row in rows if any(answer and answer < 400 for answer in row[2])), None)
        if operation.method != "GET" and row:
            yield pytest.param(operation, *row, id=operation.name)


@pytest.mark.parametrize(
    ("operation", "status", "body", "answers"),
    [case for case in writes() if case.values[3][0] == 401],
)
def test_a_suspended_person_changes_nothing(scene, worker, poster, operation, status, body, answers):
    """S1: with the session they still have, as the poster or as the owner of the worker."""
    job = scene.make(status)
    address = scene.address(operation.address, job)
    for person in (poster, worker.owner.agent):
        Agent.objects.filter(pk=person.pk).update(status=Agent.Status.SUSPENDED)
        before = Event.objects.count()
        response = session_of(person).send(operation.method, address, filled_in(body, worker))
        assert response.status_code in {403, 404} or operation.row_name in HARMLESS, response.content
        assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("operation", "status", "body", "answers"),
    [case for case in cases() if case.values[3].get("outsider") == 404 and "{" in case.values[0].address],
)
def test_what_one_may_not_know_of_answers_like_what_is_not_there(
    scene, worker, poster, operation, status, body, answers
):
    """S1: the same status and the same words."""
    job = scene.make(status)
    hidden = scene.address(operation.address, job)
    # What is hidden is the last thing that the address names.
    start, _, _ = operation.address.rpartition("{")
    begins = len(start.split("/")) - 1
    nowhere = str(open_job(poster).pk) if operation.name == "jobDisputesList" else NOWHERE
    missing = "/".join(nowhere if place == begins else part for place, part in enumerate(hidden.split("/")))
    for role in ("outsider", LOSER):
        told = [
            told_by(scene.clients[role].send(operation.method, at, filled_in(body, worker))) for at in (hidden, missing)
        ]
        assert told[0] == told[1]
        assert told[0]["status"] == 404


def told_by(response):
    """A problem document without what differs with every request."""
    return {name: value for name, value in response.json().items() if name not in OF_THE_REQUEST}


@pytest.mark.parametrize(
    "operation", [op for op in operations() if re.match(r"/(public/)?jobs/\{", op.address)], ids=lambda op: op.name
)
def test_a_draft_answers_others_like_a_job_that_is_not_there(scene, worker, operation):
    """S1: whatever one would do with it, open a dispute about it included."""
    job = scene.make(Status.DRAFT)
    body = filled_in(ROWS[operation.row_name][0][1], worker)
    for role in ("anonymous", "outsider", "worker", LOSER, "operator"):
        addresses = [operation.address.format(id=known, jobId=known) for known in (job.pk, NOWHERE)]
        told = [told_by(scene.clients[role].send(operation.method, address, body)) for address in addresses]
        assert told[0] == told[1], role
        assert told[0]["status"] in {401, 404}, role


@pytest.mark.parametrize(("operation", "status", "body", "answers"), list(writes()))
def test_no_body_writes_what_is_not_the_callers_to_say(scene, worker, outsider, operation, status, body, answers):
    """S1: whose it is, what it is worth, how it stands and who is an operator (API3, mass assignment)."""
    job = scene.make(status)
    address = scene.address(operation.address, job)
    role = next(
        role for role, answer in [*zip((*ROLES, *SESSIONS), answers, strict=False)][::-1] if answer and answer < 400
    )
    smuggled = {
        **dict.fromkeys(("owner", "ownerId", "poster", "posterId", "user", "worker", "workerId"), outsider.handle),
        **dict.fromkeys(("isStaff", "is_staff", "isSuperuser", "is_superuser", "verified"), True),
        **dict.fromkeys(("balance", "balanceUsdc", "fee", "price", "priceUsdc", "acceptedBid", "bidCount"), 424242),
        **dict.fromkeys(("completedJobs", "completed_jobs", "reputation"), 4242),
        "status": "COMPLETED",
        "kind": "HUMAN",
        "createdAt": "2001-01-01T00:00:00Z",
    }
    if operation.row_name in OWN_STATUS:
        assert scene.clients[role].send(operation.method, address, {"status": "SUSPENDED"}).status_code == 400
        del smuggled["status"]
    wanted = filled_in(body, worker)
    outcomes = [
        outcome_of(scene.clients[role], operation, address, sent) for sent in (wanted, smuggled | (wanted or {}))
    ]
    assert outcomes[0] == outcomes[1]


# An agent pauses itself, and nothing else.
OWN_STATUS = {"agentsPartialUpdate", "agentsUpdateOwn"}
# What nobody says of themselves, row by row; names stand for ids, which differ from try to try.
GUARDED = {
    User: ("email", "is_staff", "is_superuser", "is_active"),
    Agent: (
        *("name", "kind", "status", "user__email", "owner__email", "completed_jobs"),
        *("reputation", "rating_average", "rating_count", "created_at__year"),
    ),
    Job: (
        *("title", "status", "poster__name", "payer__name", "worker__name", "invited__name", "budget", "price"),
        *("payout", "tip", "refund", "terms", "bid_count", "revision_count", "created_at__year"),
    ),
    Bid: ("bidder__name", "job__title", "amount", "status", "version", "reputation", "created_at__year"),
    Account: ("kind", "owner__name", "job__title", "balance"),
    Withdrawal: ("agent__name", "amount", "address", "status"),
    Deposit: ("agent__name", "amount", "status"),
    Dispute: ("opened_by__name", "resolved_by__name", "status"),
}


def outcome_of(client, operation, address, sent):
    """Status code and every guarded row after the request, which is undone."""
    with transaction.atomic():
        response = client.send(operation.method, address, sent)
        assert response.status_code < 400, response.content
        assert not {"424242", "4242"} & set(re.findall(r"\d+", response.text))
        rows = {model.__name__: sorted(map(str, model.objects.values_list(*names))) for model, names in GUARDED.items()}
        transaction.set_rollback(True)
    return response.status_code, rows


def words(text):
    return set(re.findall(r"\w+", text))


# Who reads what of a job and of a bid: a new member fails until somebody has said here who reads it.
PUBLIC = words("id title status budgetUsdc deadlineAt createdAt assignedAgent bidCount escrowFunded")
JOB = PUBLIC | words(
    """description vertical priceUsdc feeUsdc payoutUsdc tipUsdc maturesAt templateId template inputData outputSchema
    acceptanceCriteria poster posterId agentId assignedAgentId paymentProvider paymentStatus escrow escrowTxHash
    escrowJobId txHash isPubliclyShareable requiredPack requiredCertification participationMode progressPercent
    revisionCount terms skills minimumReputation minimumCompletedJobs invitedAgentId lowestBidUsdc biddingEndsAt
    biddingClosedAt updatedAt publishedAt assignedAt startedAt submittedAt autoApproveAt completedAt
    cancelledAt attachments questions flags"""
)
OF_THE_PARTIES = {"submission", "heartbeatMissedAt"}
BID = words(
    """id jobId agentId agent amount proposedUsdc coverLetter answers etaMinutes status reason version competingBids
    offeredAt createdAt updatedAt flags"""
)
STANDING = {"score", "scoreParts", "rank"}
OF_THE_POSTER = {"sorting"}


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_job_tells_each_role_what_is_theirs_to_know(scene, status):
    """S1: others read of it what everybody who is logged in does, whether they bid or not."""
    job = scene.make(status)
    Job.objects.filter(pk=job.pk).update(heartbeat_missed_at=job.created_at)
    told = {role: scene.clients[role].get(f"/jobs/{job.pk}").json()["data"] for role in (*ROLES[1:], LOSER)}
    for role, members in told.items():
        assert set(members) == JOB | OF_THE_PARTIES | {"availableActions"}, role
        assert all(members[name] == told["poster"][name] for name in JOB), role
    for name in OF_THE_PARTIES:
        assert told["outsider"][name] is told[LOSER][name] is None
        assert told["worker"][name] == told["poster"][name]
    assert (told["poster"]["submission"] is None) is (job.submissions.first() is None)
    assert told["outsider"]["availableActions"] in ([], ["bid"])
    assert told[LOSER]["availableActions"] == told["outsider"]["availableActions"]
    for role in ("anonymous", *told):
        assert set(scene.clients[role].get(f"/public/jobs/{job.pk}").json()["data"]) == PUBLIC


@pytest.mark.parametrize("bidding", RULES)
def test_a_bid_tells_each_role_what_is_theirs_to_know(scene, poster, worker, loser, bidding):
    """S1: one's own for a bidder, and how it stands only where the rule says so; all for the poster unless sealed."""
    if not RULES[bidding].takes_bids:
        pytest.skip("Nobody bids on a direct offer.")
    job = wanted_job(poster, worker, rival=loser, terms={"bidding": bidding, "bidding_window_seconds": 3600}).job

    def read_by(role):
        bids = scene.clients[role].get(f"/jobs/{job.pk}/bids").json()["data"]
        assert all(set(bid) == BID | STANDING | OF_THE_POSTER for bid in bids), role
        assert all((bid["sorting"] is not None) is (role == "poster") for bid in bids), role
        return {bid["agentId"]: bid for bid in bids}

    assert read_by("outsider") == {}
    own = {worker.handle: read_by("worker"), loser.handle: read_by(LOSER)}
    assert all(list(bids) == [handle] for handle, bids in own.items())
    for handle, bids in own.items():
        standing = {name for name in STANDING if bids[handle][name] is not None}
        assert standing == (STANDING if RULES[bidding].rank_is_told else set())
    of_poster = read_by("poster")
    assert set(of_poster) == (set() if is_sealed(job) else {worker.handle, loser.handle})
    assert all(own[handle][handle][name] == bid[name] for handle, bid in of_poster.items() for name in BID)


@pytest.mark.parametrize("status", [Status.OPEN, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DISPUTED])
def test_nothing_that_others_may_read_names_the_secrets_of_a_deal(scene, worker, status):
    """S1: offers, output, messages and reasons, looked for in every answer to everybody else."""
    job = scene.make(status)
    secrets = {"secret-letter": Bid.objects.filter(bidder=worker).update(cover_letter="secret-letter")}
    if status == Status.OPEN:
        Bid.objects.filter(bidder=worker).update(amount=71_234_567)
        secrets["71.234567"] = 1
    if status == Status.IN_PROGRESS:
        secrets["secret-word"] = scene.clients["worker"].post(f"/jobs/{job.pk}/messages", {"content": "secret-word"})
    if status in (Status.IN_REVIEW, Status.DISPUTED):
        secrets["secret-output"] = job.submissions.update(output_data={"text": "secret-output"})
    if status == Status.DISPUTED:
        with pgtrigger.ignore("disputes.Dispute:freeze_what_was_opened"):
            secrets["secret-reason"] = job.disputes.update(reason="secret-reason")
    assert all(secrets.values())
    reads = [
        (operation, scene.address(operation.address, job)) for operation in operations() if operation.method == "GET"
    ]
    seen = set()
    for role in ("anonymous", "outsider", LOSER, "poster", "worker"):
        for operation, address in reads:
            text = said_by(scene.clients[role].send("GET", address))
            told = {secret for secret in secrets if secret in text}
            seen |= told
            assert role in ("poster", "worker") or not told, (role, operation.name, told)
    # They can be found where they are.
    assert seen == set(secrets)


@pytest.mark.parametrize(
    "operation", [op for op in operations() if not op.name.startswith("health")], ids=lambda op: op.name
)
def test_a_dead_key_opens_nothing(scene, worker, operation):
    """S2: revoked, of a suspended agent, or invented, even where nobody needs a key."""
    address = scene.address(operation.address, scene.make(Status.OPEN))
    key, raw = mint_api_key(agent=worker, name="old", actor=worker)
    revoke_api_key(key=key, actor=worker)
    barred = make_agent(name="Sid")
    _, of_barred = mint_api_key(agent=barred, name="barred", actor=barred)
    set_suspension(agent=barred, suspended=True, actor=make_person("Olive", is_staff=True))
    for dead in (raw, of_barred, "mj_live_invented", "mj_live_", "", "é"):
        response = ApiClient().send(operation.method, address, x_api_key=dead)
        assert (dead, response.status_code) == (dead, 401)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Api-Key": "{key}"}, 200),
        ({"Authorization": "Bearer {key}"}, 200),
        ({"Authorization": "bearer {key}", "X-Api-Key": "{key}"}, 200),
        ({"Authorization": "Bearer other", "X-Api-Key": "{key}"}, 401),
        ({"Authorization": "Basic {key}"}, 401),
        ({"Authorization": "", "X-Api-Key": "{key}"}, 401),
        ({"Authorization": ""}, 401),
        ({}, 401),
    ],
)
def test_a_key_comes_in_either_header(worker, headers, status):
    """J1, WIRE 1.1"""
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    response = Client().get("/v1/agents/me", headers={name: value.format(key=raw) for name, value in headers.items()})
    assert response.status_code == status


def logged_in() -> Client:
    client, user = Client(), make_person("Paula").user
    assert user is not None
    client.force_login(user)
    return client


def test_a_key_in_the_address_is_no_key(worker):
    """S2"""
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    assert Client().get(f"/v1/agents/me?apiKey={raw}&api_key={raw}").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://testserver"}, 201),
        ({"Referer": "http://testserver/jobs/"}, 201),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "https://testserver"}, 403),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Referer": "http://evil.example/http://testserver/"}, 403),
        ({"Origin": "http://evil.example", "Referer": "http://testserver/"}, 403),
        ({"Origin": "http://[", "X-Csrf-Token": "x"}, 403),
    ],
)
def test_a_cookie_changes_things_from_this_site_alone(db, headers, status):
    """J2, S3"""
    client = logged_in()
    before = Job.objects.count()
    sent = {"title": "T", "budgetUsdc": "1"}
    response = client.post("/v1/jobs", sent, content_type="application/json", headers=headers)
    assert response.status_code == status, response.content
    assert Job.objects.count() - before == (status == 201)
    assert client.get("/v1/agents/me").status_code == 200


def test_a_key_beside_a_cookie_decides_alone(worker):
    """S3: a wrong key is not helped by a cookie, a right one needs no origin."""
    client = logged_in()
    raw = mint_api_key(agent=worker, name="k", actor=worker)[1]
    assert client.get("/v1/agents/me", headers={"X-Api-Key": "mj_live_wrong"}).status_code == 401
    assert client.get("/v1/agents/me", headers={"X-Api-Key": raw}).json()["data"]["id"] == worker.handle
