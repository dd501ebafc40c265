"""HTTPS on loopback: connections, streaming, compression, and the faults of transport."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from agent.simulator.api.http_message import ApiAnswer, ApiRequest
from agent.simulator.api.rest import Rest, kind_of
from agent.simulator.log_files.log_file import LogFile
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.world.faults import Faults

LONGEST_URI = 16_384
IDLE_SECONDS = 120

_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are down for maintenance</h1></body></html>"
_JSON = "application/json;charset=UTF-8"


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens on 127.0.0.1; a thread for each connection, all of which end when it is closed."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, org: SimulatedOrg, rest: Rest, port: int, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", port), self.handler())
        self.org = org
        self.rest = rest
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handler(self) -> type[ConnectionHandler]:
        """What speaks HTTP on a connection."""
        return ConnectionHandler

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, so that a slow handshake holds up nobody."""
        request.settimeout(IDLE_SECONDS)
        try:
            secured = self._context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        with self._lock:
            self._connections.add(secured)
        try:
            self.handler()(secured, client_address, self)
        finally:
            with self._lock:
                self._connections.discard(secured)
            with contextlib.suppress(OSError):
                secured.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class ConnectionHandler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "SalesforceOrg/1.0"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_PATCH(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: what happened is in `SimulatedOrg.calls`."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if len(self.path) > LONGEST_URI:
            self._send(ApiAnswer(414, b"URI Too Long", "text/plain"))
            return
        parts = urlsplit(self.path)
        host = self.headers.get("Host") or f"localhost:{self.server.port}"
        request = ApiRequest(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            body,
            f"https://{host}",
        )
        self._answer(kind_of(parts.path), request)

    def _answer(self, kind: str, request: ApiRequest) -> None:
        faults = self.server.org.faults
        struck = _has_transport_fault(faults) and kind != "control" and self.server.org.strikes(kind)
        if struck and (faults.status or faults.html):
            self.server.org.count(kind)
            self._send(_broken(faults))
            return
        answer = self.server.rest.answer(request)
        if answer.file is not None:
            self._stream(answer, answer.file, faults)
        elif struck and faults.short_json:
            self._send(
                ApiAnswer(answer.status, answer.body[: len(answer.body) // 2], answer.content_type, answer.headers)
            )
        elif struck and faults.cut_json:
            self._send(answer, cut=True)
        else:
            self._send(answer)

    def _send(self, answer: ApiAnswer, *, cut: bool = False) -> None:
        body, headers = answer.body, dict(answer.headers)
        if self._wants_gzip() and len(body) > 1000:
            body, headers["Content-Encoding"] = b"".join(_gzipped(iter([body]))), "gzip"
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _stream(self, answer: ApiAnswer, file: LogFile, faults: Faults) -> None:
        """A log file in chunks, never held in memory as a whole."""
        packed = self._wants_gzip()
        self.send_response(200)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        hit = faults.only_file in ("", file.id, file.event_type)
        end = (faults.cut_log_file_at or faults.end_log_file_at) if hit else 0
        pieces = _pieces(file.path, faults.drip_bytes or self.server.org.settings.log_file_chunk)
        for piece in _ending(_gzipped(pieces) if packed else pieces, end):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if faults.drip_seconds and self.server.closing.wait(faults.drip_seconds):
                break
        if hit and faults.cut_log_file_at:
            self._hang_up()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _wants_gzip(self) -> bool:
        return "gzip" in self.headers.get("Accept-Encoding", "")

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True


def _has_transport_fault(faults: Faults) -> bool:
    return bool(faults.status or faults.html or faults.short_json or faults.cut_json)


def _broken(faults: Faults) -> ApiAnswer:
    if faults.html:
        return ApiAnswer(200, _PAGE, "text/html;charset=UTF-8")
    bodies = {
        500: b'[{"message":"An unexpected error occurred.","errorCode":"UNKNOWN_EXCEPTION"}]',
        503: b'[{"message":"The servers are temporarily unavailable","errorCode":"SERVER_UNAVAILABLE"}]',
    }
    if faults.status in bodies:
        return ApiAnswer(faults.status, bodies[faults.status], _JSON)
    return ApiAnswer(faults.status, _PAGE, "text/html")


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _ending(pieces: Iterator[bytes], end: int) -> Iterator[bytes]:
    """The pieces up to byte `end` of all of them; 0: to the last."""
    sent = 0
    for piece in pieces:
        if end and sent + len(piece) >= end:
            yield piece[: end - sent]
            return
        sent += len(piece)
        yield piece
