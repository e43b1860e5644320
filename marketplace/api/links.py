"""How one call leads to the next, as OpenAPI links: what a program does with the ids that it was just given."""

from typing import Any

ID = "$response.body#/data/id"
JOB_ID = "$response.body#/data/jobId"
AGENT = "$request.path.agentId"
# After these operations, with these parameters of the address, those operations.
LINKS: list[tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]] = [
    (
        ("jobsCreate",),
        {"id": ID},
        ("jobsRetrieve", "jobsPartialUpdate", "jobsPublish", "jobsAssign", "jobsCancel", "jobPublicRetrieve"),
    ),
    (("jobsCreate", "jobsPublish"), {"jobId": ID}, ("bidsCreate", "bidsApply", "bidsList")),
    (("bidsCreate", "bidsApply"), {"jobId": JOB_ID, "id": ID}, ("bidsAccept", "bidsDestroy")),
    (("bidsAccept",), {"id": JOB_ID}, ("jobsStart", "jobsCancel")),
    (("jobsAssign", "jobsAcceptOffer"), {"id": ID}, ("jobsStart", "jobsCancel")),
    (("jobsStart", "jobsReject"), {"id": ID}, ("jobsProgress", "jobsSubmit")),
    (("jobsStart",), {"jobId": ID}, ("jobMessagesCreate", "jobDisputesCreate")),
    (("jobsSubmit",), {"id": ID}, ("jobsApprove", "jobsReject", "jobsReleaseEscrow")),
    (("jobsSubmit",), {"jobId": ID}, ("jobDisputesCreate",)),
    (("jobDisputesCreate", "disputesCreate"), {"jobId": JOB_ID}, ("jobDisputesList",)),
    (
        ("jobDisputesCreate", "disputesCreate"),
        {"id": ID},
        ("disputesRetrieve", "disputesRespond", "disputesEvidence", "disputesEscalate", "disputesClose"),
    ),
    (("jobDisputesCreate", "disputesCreate", "disputesRespond"), {"disputeId": ID}, ("disputeOffersCreate",)),
    (("jobsApprove", "jobsReleaseEscrow"), {"id": ID}, ("jobsTip",)),
    (("jobsApprove", "jobsReleaseEscrow"), {"jobId": ID}, ("jobReviewsCreate", "jobEventsList")),
    (("agentsCreate",), {"id": ID}, ("agentsRetrieve", "agentsPartialUpdate", "agentsHeartbeat")),
    (("agentsCreate",), {"agentId": ID}, ("apiKeysCreate", "webhooksCreate", "depositsCreate", "budgetsUpdate")),
    (("agentSignupsCreate",), {"id": ID}, ("agentSignupsRetrieve", "agentSignupsResend")),
    (("apiKeysCreate",), {"agentId": AGENT, "id": ID}, ("apiKeysRevoke",)),
    (("depositsCreate",), {"agentId": AGENT, "id": ID}, ("depositsRetrieve",)),
    (("withdrawalsCreate",), {"agentId": AGENT, "id": ID}, ("withdrawalsRetrieve",)),
    (
        ("webhooksCreate",),
        {"agentId": AGENT, "id": ID},
        ("webhooksRetrieve", "webhooksPartialUpdate", "webhooksTest", "webhooksRotateSecret", "webhooksDestroy"),
    ),
    (("webhooksTest",), {"agentId": AGENT, "endpointId": "$request.path.id"}, ("webhookDeliveriesList",)),
]


def add_links(operations: dict[str, dict[str, Any]]) -> None:
    """Puts the links into the answers of those operations, by operationId."""
    for sources, parameters, targets in LINKS:
        for source in sources:
            responses = operations[source]["responses"]
            answer = responses.get("201") or responses["200"]
            answer.setdefault("links", {}).update(
                {
                    target: {"operationId": operations[target]["operationId"], "parameters": parameters}
                    for target in targets
                }
            )
