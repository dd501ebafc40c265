"""Who is told in the demo: a server on this machine that takes signed messages, as a chat or a pager would."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOST_BYTES = 100_000


@dataclass
class Receiver:
    url: str
    received: list[Mapping[str, Any]] = field(default_factory=list)
    """What messages say, in the order in which they came."""

    def about(self, incident: str) -> Mapping[str, Any] | None:
        """The first message about an incident."""
        return next((data for data in self.received if data.get("incident") == incident), None)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listens while inside."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = min(int(self.headers.get("Content-Length", "0")), MOST_BYTES)
            found.received.append(json.loads(self.rfile.read(size))["data"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/messages")
    thread = threading.Thread(target=server.serve_forever, name="receiver")
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
