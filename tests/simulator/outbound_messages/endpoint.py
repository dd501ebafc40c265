"""An endpoint for outbound messages: HTTPS that wants a client's certificate, and answers as it is told to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from agent.simulator.api.certificate import make_certificates

Answer = tuple[int, bytes]


@dataclass
class Endpoint:
    """A context manager. `answer`: status and body for the body of a request."""

    folder: Path
    answer: Callable[[bytes], Answer]
    client_ca: Path | None = None
    """Whose certificates are taken; None: none is asked for."""
    received: list[bytes] = field(default_factory=list)
    clients: list[object] = field(default_factory=list)
    """Subjects of the certificates that were shown."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca, certificate, key = make_certificates(self.folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"https://localhost:{self._server.server_port}/v1/outbound-messages/s3cret"

    def trust(self, client_ca: Path) -> None:
        """From now on a certificate of this authority is wanted."""
        self._context.load_verify_locations(client_ca)
        self._context.verify_mode = ssl.CERT_REQUIRED

    def __enter__(self) -> Self:
        self._server.socket = self._context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert isinstance(self.connection, ssl.SSLSocket)
                endpoint.clients.append((self.connection.getpeercert() or {}).get("subject"))
                endpoint.received.append(body)
                status, text = endpoint.answer(body)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
