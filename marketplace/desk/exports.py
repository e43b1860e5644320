"""The log of acts as files: for spreadsheets and for programs."""

import csv
import json
from collections.abc import Iterator

from django.db.models import QuerySet

from marketplace.desk.models import Act
from marketplace.timestamps import format_timestamp
from wallets.exports import Echo, harmless

CHUNK = 500
HEADINGS = [
    *("time", "operator", "verb", "model", "thing id", "thing", "before", "after", "reason", "request id", "address")
]


def csv_of(acts: QuerySet[Act]) -> Iterator[str]:
    """The lines of the file; what people wrote is never a formula."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(HEADINGS)
    for act in acts.iterator(CHUNK):
        said = [act.operator.handle, act.verb, act.model, act.thing_id, act.thing_name, act.before, act.after]
        rest = [act.reason, act.request_id, act.address]
        yield writer.writerow([format_timestamp(act.created_at), *(harmless(str(cell)) for cell in said + rest)])


def lines_of(acts: QuerySet[Act]) -> Iterator[str]:
    """Each act as a line of JSON, with all that is kept of it, for programs."""
    for act in acts.iterator(CHUNK):
        said = {
            "id": act.pk,
            "time": format_timestamp(act.created_at),
            "operator": act.operator.handle,
            "verb": act.verb,
            "model": act.model,
            "thingId": act.thing_id,
            "thing": act.thing_name,
            "before": act.before,
            "after": act.after,
            "reason": act.reason,
            "requestId": act.request_id,
            "address": act.address,
        }
        yield json.dumps(said, ensure_ascii=False) + "\n"


EXPORTS = {
    "csv": (csv_of, "text/csv; charset=utf-8"),
    "jsonl": (lines_of, "application/jsonl; charset=utf-8"),
}
