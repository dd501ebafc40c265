"""A real HTTP server on loopback, with TLS if wanted, whose answers and faults a test scripts."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import orjson


@dataclass(frozen=True)
class ReceivedRequest:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Literal["", "reset", "silent close", "half", "drip body", "drip head"] = ""
    phrase: str | None = None
    """In place of the status's own words."""

    @classmethod
    def json(cls, status: int, document: Any, **headers: str) -> Reply:
        return cls(status, orjson.dumps(document), {"Content-Type": "application/json", **headers})


HTML = b"<html><body><h1>Something is in the way</h1></body></html>"
Responder = Callable[[ReceivedRequest], Reply]


class HttpServer:
    """`answer` is asked for every request, unless replies are queued in `script`: then the next of those is given."""

    def __init__(self, answer: Responder, context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.script: deque[Reply | Responder] = deque()
        self.requests: list[ReceivedRequest] = []
        self.released = threading.Event()
        self._context = context
        self._server: _Server | None = None
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://localhost:{self._port}"

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), self._context, self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut_all()
            self._server = None

    def reply(self, request: ReceivedRequest) -> Reply:
        self.requests.append(request)
        if not self.script:
            return self.answer(request)
        following = self.script.popleft()
        return following(request) if callable(following) else following


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None, owner: HttpServer) -> None:
        self.owner = owner
        self.context = context
        self.connections: list[socket.socket] = []
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        self.connections.append(request)
        with request:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that distrust or leave us are what some tests are about."""

    def cut_all(self) -> None:
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def version_string(self) -> str:
        return "scripted"

    def log_message(self, *args: Any) -> None:
        """Silence."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        reply = self.server.owner.reply(ReceivedRequest(self.command, self.path, dict(self.headers.items()), body))
        getattr(self, "_" + (reply.fault or "whole").replace(" ", "_"))(reply)

    do_GET = do_POST = do_PUT = do_CONNECT = _serve  # noqa: N815

    def _head(self, reply: Reply, length: int) -> None:
        self.send_response_only(reply.status, reply.phrase)
        if "Server" not in reply.headers:
            self.send_header("Server", "scripted")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _whole(self, reply: Reply) -> None:
        self._head(reply, len(reply.body))
        self.wfile.write(reply.body)

    def _half(self, reply: Reply) -> None:
        self._head(reply, len(reply.body))
        self.wfile.write(reply.body[: len(reply.body) // 2])
        self.close_connection = True

    def _reset(self, reply: Reply) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _silent_close(self, reply: Reply) -> None:
        self.close_connection = True

    def _drip_body(self, reply: Reply) -> None:
        """A byte now and then, for ever: only a bound on the whole exchange ends it."""
        self._head(reply, 10**6)
        self._drip()

    def _drip_head(self, reply: Reply) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip()

    def _drip(self) -> None:
        self.close_connection = True
        while not self.server.owner.released.wait(0.02):
            self.wfile.write(b" ")
