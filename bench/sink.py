"""What webhooks are sent to when they are measured: takes all, and tells on GET what came when, since the last GET.

granian --interface rsgi bench.sink:sink
"""

import json
import time
from typing import Any

_arrivals: list[tuple[str, float]] = []


async def sink(scope: Any, protocol: Any) -> None:
    """Answers 200; GET answers a list of webhook ids and the times of their arrival."""
    if scope.method == "GET":
        told = json.dumps(_arrivals)
        _arrivals.clear()
        protocol.response_str(200, [("content-type", "application/json")], told)
        return
    await protocol()
    _arrivals.append((scope.headers["webhook-id"], time.time()))
    protocol.response_empty(200, [])
