"""The ASGI application that keeps streams open. It answers one address, without Django's handlers and middleware."""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from io import BytesIO
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django.setup(set_prefix=False)

import structlog  # noqa: E402  (Django first)
from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIRequest  # noqa: E402
from django.db import DatabaseError, InterfaceError  # noqa: E402
from django.http import HttpResponse, QueryDict  # noqa: E402

from agents.streams.access import admit  # noqa: E402
from agents.streams.hub import Hub, NoRoom  # noqa: E402
from agents.streams.serializers import StreamRequest  # noqa: E402
from agents.streams.stream import Stream, greeting, sign_of_life  # noqa: E402
from marketplace.api.middleware import HEADER, request_id_of  # noqa: E402
from marketplace.api.problems import Problem, problem_of, problem_page  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = structlog.get_logger(__name__)
PATH = "/v1/events/stream"
# A client that takes nothing for so long has gone without a word.
SECONDS_TO_TAKE = 30
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect the events before it passes them on
    "X-Content-Type-Options": "nosniff",
    # Pages of the site are sent here from another port. Cookies are never accepted from another origin.
    "Access-Control-Allow-Origin": "*",
}
hub: Hub


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
    else:
        await _answer(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    global hub
    hub = Hub()
    await receive()
    await hub.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await hub.stop()
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(scope: Message, receive: Receive, send: Send) -> None:
    request: Any = ASGIRequest(scope, BytesIO())
    request.request_id = request_id_of(request)
    try:
        stream = await _open(request)
    except Exception as error:  # noqa: BLE001  (every failure is told, and one of ours is logged)
        await _send_whole(send, _refusal(request, error))
        return
    listening = asyncio.create_task(_end_with_client(stream, receive))
    try:
        await _serve(stream, request, send)
    except (DatabaseError, InterfaceError, TimeoutError) as error:
        logger.info("stream_cut", error=str(error).strip() or "The client takes nothing.")
    finally:
        listening.cancel()
        hub.close(stream)


async def _open(request: Any) -> Stream:
    if request.path.rstrip("/") != PATH:
        raise _Refused(Problem.plain(404, "There is nothing but the stream here."))
    if request.method != "GET":
        raise _Refused(Problem.plain(405, f"Method {request.method} not allowed.", headers={"Allow": "GET"}))
    if hub.has_stopped:
        raise NoRoom()
    credential, agent_id = await hub.ask(admit, request)
    wanted = read_wanted(request.GET, request.headers)
    position = await hub.whereabouts()
    if wanted["after"] is not None:
        # A position that there is not yet (the database is an older copy) would be deaf to all that comes.
        position = min(wanted["after"], position)
    stream = Stream(agent_id, credential, position, wanted["type"], wanted["job_id"], wanted["named"])
    hub.open(stream)
    return stream


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def read_wanted(query: QueryDict, headers: Any) -> dict[str, Any]:
    """What the client asks for; a browser says in a header from where it goes on. Raises ValidationError."""
    asked = query.dict()
    if last := headers.get("Last-Event-ID"):
        asked = {name: value for name, value in asked.items() if name != "lastEventId"} | {"after": last}
    request = StreamRequest(data=asked)
    request.is_valid(raise_exception=True)
    values: dict[str, Any] = request.validated_data
    return values


def _refusal(request: Any, error: Exception) -> HttpResponse:
    problem = error.problem if isinstance(error, _Refused) else problem_of(error)
    if isinstance(error, DatabaseError | InterfaceError):
        problem = Problem.plain(503, "The database does not answer. Try again.", headers={"Retry-After": "2"})
    if problem is None:
        logger.error("stream_not_opened", exc_info=error)
        problem = Problem.plain(500, "Something went wrong on our side.")
    response = problem_page(request, problem)
    response[HEADER] = request.request_id
    response["Access-Control-Allow-Origin"] = "*"
    if problem.status in (429, 503):
        response.setdefault("Retry-After", "30")
    return response


async def _serve(stream: Stream, request: Any, send: Send) -> None:
    await _send_head(send, 200, {**HEADERS, HEADER: request.request_id})
    await _send_piece(send, greeting(stream.position))
    async for frames in hub.catch_up(stream):
        await _send_piece(send, frames or sign_of_life(stream.position))
    lifetime, pause = settings.STREAM_LIFETIME_SECONDS, settings.STREAM_HEARTBEAT_SECONDS
    async for frames in stream.pieces(seconds=lifetime, pause=pause):
        # Nothing waits then: of what was delivered to all, this one has had what it wants.
        await _send_piece(send, frames or sign_of_life(max(stream.position, hub.delivered)))
    await _send_piece(send, b"", last=True)


async def _end_with_client(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


async def _send_whole(send: Send, response: HttpResponse) -> None:
    await _send_head(send, response.status_code, response.headers)
    await _send_piece(send, response.content, last=True)


async def _send_head(send: Send, status: int, headers: Any) -> None:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _send_piece(send: Send, body: bytes, *, last: bool = False) -> None:
    """Raises TimeoutError when the client does not take it."""
    async with asyncio.timeout(SECONDS_TO_TAKE):
        await send({"type": "http.response.body", "body": body, "more_body": not last})
