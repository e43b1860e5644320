"""What a worker gives as proof, held against what we keep: only what we hashed ourselves proves anything.

By SURVIVE M5: what was handed in is kept as it is with its SHA-256, and a claim that contradicts it, or work that was
handed in for another job, is recorded and does not start the review clock.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.files.models import StoredFile
from jobs.models import Submission

SHA256 = re.compile(r"(?:sha-?256[:=])?(?:0x)?([0-9a-f]{64})", re.IGNORECASE)
LINK = re.compile(r"(?:https?|ipfs)://\S+", re.IGNORECASE)
# Shorter work is the same by chance: two jobs may well have the answer "yes".
WORTH_COMPARING = 200


def says_nothing(value: Any) -> bool:
    """Whether there is no letter and no figure in it, however it is wrapped."""
    return not any(str(part).strip() for part in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    """The texts, numbers and truths in it."""
    if isinstance(value, Mapping):
        for member in value.values():
            yield from _leaves(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _leaves(member)
    elif value is not None:
        yield value


def judge(submission: Submission, files: Sequence[StoredFile], size: int) -> Submission.Proof:
    """What its proof is worth; `size` is that of its output, in characters of canonical JSON."""
    claim = submission.proof_hash.strip()
    known = {submission.content_hash, *(file.sha256 for file in files)}
    hashed = SHA256.fullmatch(claim)
    matches = bool(hashed and hashed[1].lower() in known)
    # An image is kept as we encoded it anew, so that the hash of what was sent says nothing of it.
    if hashed and not matches and not any(file.is_image for file in files):
        return Submission.Proof.MISMATCH
    if _was_handed_in(submission, files, size):
        return Submission.Proof.REUSED
    if matches:
        return Submission.Proof.MATCHES
    if claim or (not files and _is_links_alone(submission.output_data)):
        return Submission.Proof.UNVERIFIED
    return Submission.Proof.NONE


def _was_handed_in(submission: Submission, files: Sequence[StoredFile], size: int) -> bool:
    """Whether the same output, or one of the files, was handed in for another job."""
    others = Submission.objects.exclude(job=submission.job_id)
    if size >= WORTH_COMPARING and others.filter(content_hash=submission.content_hash).exists():
        return True
    hashes = [file.sha256 for file in files if file.size >= WORTH_COMPARING]
    return bool(hashes) and others.filter(attachments__file__sha256__in=hashes).exists()


def _is_links_alone(output: Mapping[str, Any]) -> bool:
    """Whether all that was handed in lies elsewhere, where it can still be changed."""
    texts = [leaf.strip() for leaf in _leaves(output) if isinstance(leaf, str) and leaf.strip()]
    return bool(texts) and all(LINK.fullmatch(text) for text in texts)
