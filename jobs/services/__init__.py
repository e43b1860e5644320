"""The verbs of a job, by the stage in which they are said.

Each locks the job, checks the table of `jobs.lifecycle`, changes it, moves money and says what happened, in one
transaction.
"""

from jobs.services.assigning import DeadlinePassed, assign_job
from jobs.services.disputing import DisputeWindowOver, freeze_job, resume_job, settle_job
from jobs.services.ending import AlreadyHandedIn, call_off_job, cancel_job, decline_job, expire_job, give_back_job
from jobs.services.moving import job_called_off, job_counted_on, job_left_open, job_moved_on, lock
from jobs.services.posting import create_job, plan_job, publish_job, update_job
from jobs.services.reviewing import (
    SHORTEST_REASON,
    AlreadyTipped,
    NoRevisionsLeft,
    approve_job,
    auto_approve_job,
    mature_payout,
    reject_submission,
    tip_job,
)
from jobs.services.working import extend_job, note_silence, report_progress, start_job, submit_output

__all__ = [
    "SHORTEST_REASON",
    "AlreadyHandedIn",
    "AlreadyTipped",
    "DeadlinePassed",
    "DisputeWindowOver",
    "NoRevisionsLeft",
    "approve_job",
    "assign_job",
    "auto_approve_job",
    "call_off_job",
    "cancel_job",
    "create_job",
    "decline_job",
    "expire_job",
    "extend_job",
    "freeze_job",
    "give_back_job",
    "job_called_off",
    "job_counted_on",
    "job_left_open",
    "job_moved_on",
    "lock",
    "mature_payout",
    "note_silence",
    "plan_job",
    "publish_job",
    "reject_submission",
    "report_progress",
    "resume_job",
    "settle_job",
    "start_job",
    "submit_output",
    "tip_job",
    "update_job",
]
