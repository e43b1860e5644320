"""The process that keeps streams open: `python -m agents.streams --port 8001`.

granian is run inside of our own loop, so that SIGTERM ends the streams first: it would wait for them otherwise.
"""

import argparse
import asyncio
import os
import signal
import sys
from typing import NoReturn

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from agents.streams import asgi

# Ended streams say goodbye before the server goes.
SECONDS_TO_END = 0.2
# Refusals are answered beside the streams that are open.
ROOM_FOR_REFUSALS = 256


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m agents.streams", description="Keeps event streams open.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.host, chosen.port))
    leave()


def leave() -> NoReturn:
    """Ends in good order, at once: a thread of granian's that wakes while Python is torn down aborts the process."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def serve(host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = Server(
        asgi.application,
        host,
        port,
        interface=Interfaces.ASGI,
        # Where both versions are spoken, one who connects and says nothing is never hung up on.
        http=HTTPModes.http1,
        backlog=1024,
        backpressure=asgi.settings.MOST_STREAMS + ROOM_FOR_REFUSALS,
        websockets=False,
        log_level=LogLevels.error,
    )
    serving = asyncio.create_task(server.serve())
    asking = asyncio.create_task(stopping.wait())
    await asyncio.wait([serving, asking], return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        await asgi.hub.stop()
        await asyncio.sleep(SECONDS_TO_END)
        server.stop()
    await serving


if __name__ == "__main__":
    main()
