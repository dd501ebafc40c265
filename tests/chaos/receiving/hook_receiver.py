"""A receiver of webhooks over HTTPS that verifies their signatures as Standard Webhooks says, and a monitor that hears heartbeats."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
from standardwebhooks import Webhook, WebhookVerificationError

from tests.chaos.receiving.mode import ASKED_TO_WAIT, Mode
from tests.chaos.receiving.received import Received, ReceivedLog
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply

PING = "/ping"


class HookReceiver:
    """Listens from the start. What is not signed as it should be is answered with 401, and noted as of the kind `unsigned`."""

    def __init__(self, log: ReceivedLog, secret: str, context: ssl.SSLContext, *, any_time: bool = False) -> None:
        """`any_time`: the sender's clock is moved: only the signature counts."""
        self._log = log
        self._webhook = Webhook(secret)
        self._any_time = any_time
        self._changed = threading.Event()
        self.mode: Mode = "up"
        self.server = HttpServer(self._answer, context)

    def set(self, mode: Mode) -> None:
        before, self.mode = self.mode, mode
        self._changed.set()
        self._changed = threading.Event()
        if before == "closed" and mode != "closed":
            self.server.start()
        if mode == "closed" and before != "closed":
            self.server.stop()

    def _answer(self, request: ReceivedRequest) -> Reply:
        self.server.requests.clear()  # hours of them are in the file
        mode, changed = self.mode, self._changed
        if mode == "hanging":
            changed.wait()
            return Reply(fault="silent close")
        if mode == "failing":
            return Reply(503, b"not now")
        if mode == "limiting":
            return Reply(429, b"slowly", {"Retry-After": str(ASKED_TO_WAIT)})
        received = self._received(request)
        self._log.append(received)
        if received.kind == "unsigned":
            return Reply(401)
        return Reply(fault="silent close") if mode == "answerless" else Reply(204)

    def _received(self, request: ReceivedRequest) -> Received:
        now, headers = time.time(), {name.lower(): value for name, value in request.headers.items()}
        raw = "\n".join([*(f"{name}: {value}" for name, value in headers.items()), request.body.decode()])
        try:
            self._verify(request.body.decode(), headers)
        except (WebhookVerificationError, KeyError, ValueError) as error:
            return Received(now, "hook", headers.get("webhook-id", ""), "unsigned", repr(error), raw)
        document = orjson.loads(request.body)
        data = document["data"]
        return Received(
            now, "hook", headers["webhook-id"], data["kind"], data["summary"], raw, data["due"], data["incident"],
            data["tier"], data["link"],
        )  # fmt: skip

    def _verify(self, body: str, headers: Mapping[str, str]) -> None:
        """Raises WebhookVerificationError, KeyError, ValueError."""
        if not self._any_time:
            self._webhook.verify(body, dict(headers))
            return
        sent = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = self._webhook.sign(headers["webhook-id"], sent, body)
        if expected not in headers["webhook-signature"].split():
            raise WebhookVerificationError("the signature is another one")


class Monitor:
    """Hears heartbeats, and notes the time of each: a line each in a file."""

    def __init__(self, path: Path, context: ssl.SSLContext) -> None:
        self._path = path
        self.server = HttpServer(self._answer, context)

    def _answer(self, _: ReceivedRequest) -> Reply:
        self.server.requests.clear()
        with self._path.open("ab", buffering=0) as file:
            file.write(f"{time.time()}\n".encode())
        return Reply(204)
