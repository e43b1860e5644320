"""A mail server of the tests: takes mail over SMTP on a port of its own, and behaves as it is told to."""

import socketserver
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

# What a server says to one of a client's commands; None ends the connection without a word.
Answer = bytes | None


class MailServer(socketserver.ThreadingTCPServer):
    """`answers` are asked for the answer to a command line; without one it is the usual yes."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Session)
        self.mails: list[EmailMessage] = []
        self.sessions = 0
        self.answer: Callable[[bytes], Answer] = lambda line: USUAL.get(line[:4].upper(), b"250 OK")

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def recipients(self) -> list[str]:
        return [mail["To"] for mail in self.mails]

    def start(self) -> "MailServer":
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()
        return self

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


USUAL = {b"DATA": b"354 Go ahead", b"QUIT": b"221 Bye"}


class Session(socketserver.StreamRequestHandler):
    """One connection of a client."""

    server: MailServer

    def handle(self) -> None:
        self.server.sessions += 1
        self.say(b"220 test ESMTP")
        while line := self.rfile.readline().rstrip(b"\r\n"):
            answer = self.server.answer(line)
            if not self.say(answer) or line.upper() == b"QUIT":
                return
            if answer == USUAL[b"DATA"]:
                self.server.mails.append(message_from_bytes(self.read_mail(), policy=policy.default))
                if not self.say(self.server.answer(b"(mail)")):
                    return

    def say(self, answer: Answer) -> bool:
        if answer is not None:
            self.wfile.write(answer + b"\r\n")
        return answer is not None

    def read_mail(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)
