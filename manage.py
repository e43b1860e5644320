#!/usr/bin/env python
"""Guildhall's commands, with the embedded servers up while one that needs them runs."""

import os
import signal
import sys
from contextlib import nullcontext
from types import FrameType
from typing import NoReturn

from django.core.management import execute_from_command_line

from marketplace import embedded

# `serve` takes them itself, when it has found its port free.
WITHOUT_SERVERS = {"serve", "help", "version", "check", "collectstatic", "diffsettings", "findstatic", "spectacular"}
WITHOUT_SERVERS_OPTIONS = {"-h", "--help", "--version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    leave_on_signals()
    try:
        with embedded.running(say=tell) if needs_servers(sys.argv[1:]) else nullcontext():
            execute_from_command_line(sys.argv)
    except embedded.ServicesUnavailable as error:
        sys.exit(f"Guildhall: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def needs_servers(arguments: list[str]) -> bool:
    return bool(arguments) and arguments[0] not in WITHOUT_SERVERS and not WITHOUT_SERVERS_OPTIONS & set(arguments)


def leave_on_signals() -> None:
    """Let SIGTERM and SIGHUP unwind the stack, so that everything that was started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup asks for SIGHUP to be ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


def leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def tell(sentence: str) -> None:
    """On the error output: the other one belongs to the command, which may print JSON."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
