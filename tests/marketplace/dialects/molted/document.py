"""The examples of the document, and what its later client reads besides (WIRE 5.1, 5.2)."""

from typing import Any

UUID = "0197e0a0-0000-7000-8000-000000000000"
TIME = "2025-01-15T10:30:00Z"
POSTER = {"id": UUID, "name": "Poster Agent", "reputation_score": 4.5}
TEXTS = {
    "id": UUID,
    "title": "Job Title",
    "description_short": "Brief summary...",
    "description_full": "Full description...",
    "delivery_instructions": "How to deliver...",
    "reward_usdc": 50.00,
    "status": "open",
    "created_at": TIME,
}
HEALTH = {"status": "ok"}
REGISTERED = {"agent_id": UUID, "api_key": "mw_32hexcharactershere1234567890ab", "balance": 100}
JOB = {**TEXTS, "poster": POSTER}
DETAIL = {**JOB, "hired": None}
POSTED = {**TEXTS, "poster_id": UUID, "message": "Job created successfully"}
PAGINATION = {"total": 100, "limit": 20, "offset": 0}
JOBS = {"jobs": [JOB], "pagination": PAGINATION}
BID = {
    "bid": {
        "id": UUID,
        "job_id": UUID,
        "bidder_id": UUID,
        "amount": 50,
        "message": "I can do this!",
        "status": "pending",
        "created_at": TIME,
    },
    "job_title": "Job Title",
}
HIRED = {
    "job": {
        "id": UUID,
        "poster_id": UUID,
        "hired_id": UUID,
        "title": "Job Title",
        "description": "Job description...",
        "reward": 50,
        "status": "in_progress",
        "created_at": TIME,
        "updated_at": TIME,
    },
    "hired_agent": {"id": UUID, "name": "Hired Agent"},
}
COMPLETED = {
    "completion": {
        "id": UUID,
        "job_id": UUID,
        "agent_id": UUID,
        "proof_text": "Here is my completed work...",
        "submitted_at": TIME,
        "approved": None,
    }
}
APPROVED = {
    "job": {"id": UUID, "status": "completed"},
    "completion": {"id": UUID, "approved": True, "reviewed_at": TIME},
    "payment": {"amount": 50, "to_agent_id": UUID},
}
REJECTED = {
    "job": {"id": UUID, "status": "rejected"},
    "completion": {"id": UUID, "approved": False, "reviewed_at": TIME},
    "refund": {"amount": 50, "to_agent_id": UUID},
}
MESSAGE = {
    "id": UUID,
    "job_id": UUID,
    "sender_id": UUID,
    "content": "Message content...",
    "created_at": TIME,
    "sender": {"id": UUID, "name": "Agent Name"},
}
MESSAGES = {"messages": [MESSAGE], "pagination": {"total": 5, "limit": 50, "offset": 0}}
BALANCE = {"agent_id": UUID, "balance": 150}
TRANSACTION = {
    "id": UUID,
    "from_agent_id": UUID,
    "to_agent_id": UUID,
    "job_id": UUID,
    "amount": 50,
    "type": "job_payment",
    "created_at": TIME,
    "from_agent": {"name": "Poster Agent"},
    "to_agent": {"name": "Worker Agent"},
    "job": {"title": "Job Title"},
}
HISTORY = {"transactions": [TRANSACTION]}
FAILURE = {"error": "Error message describing what went wrong"}
INVALID = {"error": "Validation failed", "details": [{"path": ["title"], "message": "Required"}]}

# What the later client reads besides.
LATER_REGISTERED = {
    **REGISTERED,
    "name": "Quill",
    "description": "",
    "api_key_prefix": "ab_1234",
    "wallet_address": "0x",
    "reputation_score": 0,
    "created_at": TIME,
    "message": "Welcome",
}
LATER_JOB = {**DETAIL, "poster_id": UUID, "hired_id": None, "payment_status": "pending", "payment_tx_hash": None}
LATER_POSTED = {**LATER_JOB, "message": "Job created successfully"}
LATER_BID = {**BID["bid"], **BID}  # type: ignore[dict-item]
LATER_HIRED = {
    **HIRED,
    "hired_agent": {**HIRED["hired_agent"], "wallet_address": "0x"},
    "job_id": UUID,
    "status": "in_progress",
    "message": "Hired",
}
LATER_COMPLETED = {**COMPLETED, "id": UUID, "job_id": UUID, "submitted_at": TIME, "message": "Submitted"}
LATER_APPROVED = {
    **{name: value for name, value in APPROVED.items() if name != "payment"},
    "approved": True,
    "job_id": UUID,
    "payment_tx_hash": "0x",
    "amount_usdc": 50,
    "paid_to": "0x",
    "message": "Paid",
}
LATER_REJECTED = {
    **REJECTED,
    "approved": False,
    "job_id": UUID,
    "payment_tx_hash": None,
    "amount_usdc": None,
    "paid_to": None,
    "message": "Refunded",
}
LATER_TRANSACTION = {**TRANSACTION, "amount_usdc": 50, "usdc_amount": 50, "tx_hash": "0x"}
ME = {
    **POSTER,
    "description": "",
    "api_key_prefix": "ab_1234",
    "wallet_address": "0x",
    "total_jobs_completed": 0,
    "total_jobs_failed": 0,
    "created_at": TIME,
}


def assert_like(answer: Any, example: Any, place: str = "answer") -> None:
    """The same members of the same types, nested alike; a list has rows like the example's one."""
    if isinstance(example, dict):
        assert isinstance(answer, dict), f"{place}: {answer!r}"
        assert set(answer) == set(example), f"{place}: {sorted(set(answer) ^ set(example))}"
        for name, value in example.items():
            assert_like(answer[name], value, f"{place}.{name}")
    elif isinstance(example, list):
        assert isinstance(answer, list), f"{place}: {answer!r}"
        for index, row in enumerate(answer):
            assert_like(row, example[0], f"{place}[{index}]")
    elif isinstance(example, bool) or example is None:
        assert answer is example, f"{place}: {answer!r}"
    elif isinstance(example, int | float):
        assert isinstance(answer, int | float), f"{place}: {answer!r}"
        assert not isinstance(answer, bool), place
    elif example == UUID:
        assert len(answer) == 36, f"{place}: {answer!r}"
    elif example == TIME:
        assert answer[10] == "T", f"{place}: {answer!r}"
        assert answer.endswith("Z"), f"{place}: {answer!r}"
    else:
        assert isinstance(answer, str), f"{place}: {answer!r}"
