"""A small org over HTTPS that lists and serves exactly the log files a test gives it, and fails as it is told."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ORG_ID = "00D000000000001EAA"


def csv_of(event_type: str, rows: list[list[str]], columns: str = "TIMESTAMP,USER_ID,URI") -> bytes:
    """A log file in Salesforce's dialect."""
    lines = [["EVENT_TYPE", *columns.split(",")], *([event_type, *row] for row in rows)]
    return "".join(",".join('"' + c.replace('"', '""') + '"' for c in line) + "\n" for line in lines).encode()


@dataclass
class LogFile:
    """A file of the org. `visible_at`: when queries begin to return it."""

    id: str
    created: dt.datetime
    log_date: dt.datetime
    body: bytes
    event_type: str = "Login"
    interval: str = "Hourly"
    sequence: int = 1
    length: int | None = None
    visible_at: dt.datetime | None = None

    def record(self, with_interval: bool) -> dict[str, Any]:
        record = {
            "attributes": {"type": "EventLogFile"},
            "Id": self.id,
            "EventType": self.event_type,
            "LogDate": f"{self.log_date:%Y-%m-%dT%H:%M:%S}.000+0000",
            "CreatedDate": f"{self.created:%Y-%m-%dT%H:%M:%S}.000+0000",
            "LogFileLength": float(len(self.body) if self.length is None else self.length),
        }
        return record | ({"Interval": self.interval, "Sequence": self.sequence} if with_interval else {})


@dataclass
class Org:
    """What the server answers from; tests change it at will."""

    now: Callable[[], dt.datetime]
    files: list[LogFile] = field(default_factory=list)
    has_interval: bool = True
    page: int = 2000
    gzip: bool = True
    used: int = 0
    limit: int = 1000
    calls: Counter[str] = field(default_factory=Counter)
    queries: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    token_error: tuple[int, dict[str, str]] | None = None
    token_extra: dict[str, str] = field(default_factory=dict)
    valid: set[str] = field(default_factory=set)
    status: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Kind of call (listing, query, describe, limits) or file id, to (status, JSON or bytes) instead of the answer; also
    (status, JSON or bytes, headers)."""
    odd: dict[str, Any] = field(default_factory=dict)
    """File id to what of its record is listed otherwise (None takes a field out), or to what stands in its place."""
    bodies: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """File id to the bytes and the Content-Encoding that are sent in place of its own."""
    stuck: set[str] = field(default_factory=set)
    """What is answered a byte in five seconds: token, listing."""
    cut_at: dict[str, int] = field(default_factory=dict)
    """File id to the bytes after which its transfer breaks off."""
    end_at: dict[str, int] = field(default_factory=dict)
    """The same, but with a clean end."""
    drip: dict[str, float] = field(default_factory=dict)
    """File id to the seconds between two bytes."""
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    """Columns that queries must not name."""
    stale_locators: int = 0
    url: str = ""
    ca: Path = Path()

    def answer(self, query: str) -> list[dict[str, Any]]:
        self.queries.append(query)
        found = re.search(r"FROM (\w+)", query)
        if found and found[1] != "EventLogFile":
            ids = re.findall(r"'(\w+)'", query)
            return [r for r in self.objects.get(found[1], []) if r["Id"][:15] in {i[:15] for i in ids}]
        kinds = re.findall(r"Interval = '(\w+)'", query)
        times = dict(re.findall(r"CreatedDate (>=|<=) (\S+?Z)", query))
        types = re.search(r"EventType IN \(([^)]*)\)", query)
        limit = re.search(r"LIMIT (\d+)", query)
        files = [
            f
            for f in sorted(self.files, key=lambda f: (f.created, f.id))
            if (f.interval in kinds if kinds else f.interval == "Daily")
            and (f.visible_at or f.created) <= self.now()
            and ("<=" not in times or f.created <= dt.datetime.fromisoformat(times["<="]))
            and (">=" not in times or f.created >= dt.datetime.fromisoformat(times[">="]))
            and (types is None or f"'{f.event_type}'" in types[1])
        ]
        return [self._listed(f) for f in files][: int(limit[1]) if limit else None]

    def _listed(self, file: LogFile) -> Any:
        record, odd = file.record(self.has_interval), self.odd.get(file.id, {})
        return {**record, **odd} if isinstance(odd, dict) else odd


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    org: Org

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        org = self.org
        org.calls["token"] += 1
        org.forms.append(form)
        if "token" in org.stuck:
            self.stay("token")
        if org.token_error is not None:
            self.reply(*org.token_error)
            return
        token = f"token{org.calls['token']}"
        org.valid = {token}
        identity = f"https://login.salesforce.com/id/{ORG_ID}/005000000000001AAA"
        self.reply(200, {"access_token": token, "instance_url": org.url, "id": identity, **org.token_extra})

    def do_GET(self) -> None:
        org, parts = self.org, urlsplit(self.path)
        ends = ("/LogFile", "/query/", "/describe", "/limits")
        kind = next((end.strip("/") for end in ends if end in parts.path), "other")
        org.calls[kind] += 1
        org.used += 1
        name = parts.path.split("/")[-2] if kind == "LogFile" else kind
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in org.valid:
            self.reply(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
        elif name in org.status:
            self.reply(*org.status[name])
        elif "listing" in org.stuck and "CreatedDate" in parts.query:
            self.stay("listing")
        elif "listing" in org.status and "CreatedDate" in parts.query:
            self.reply(*org.status["listing"])
        elif kind == "LogFile":
            self.log_file(next(f for f in org.files if f.id == name))
        elif kind == "query":
            self.query(parts.path, parse_qs(parts.query))
        elif kind == "limits":
            self.reply(200, {"DailyApiRequests": {"Max": org.limit, "Remaining": org.limit - org.used}})
        elif kind == "describe":
            names = org.fields[parts.path.split("/")[-2]]
            self.reply(200, {"fields": [{"name": name} for name in names]})
        else:
            self.reply(404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])

    def query(self, path: str, parameters: dict[str, list[str]]) -> None:
        org = self.org
        if "q" in parameters:
            query, start = parameters["q"][0], 0
            hidden = next((h for h in [*org.hidden, *([] if org.has_interval else ["Interval"])] if h in query), None)
            if hidden is not None:
                message = f"\\nSELECT Id, Interval\\nNo such column '{hidden}' on entity 'EventLogFile'."
                self.reply(400, [{"errorCode": "INVALID_FIELD", "message": message}])
                return
            _Handler.paged = query
        else:
            if org.stale_locators:
                org.stale_locators -= 1
                self.reply(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
                return
            query, start = _Handler.paged, int(path.rsplit("-", 1)[1])
        records = org.answer(query)
        more = start + org.page < len(records)
        page = {"totalSize": len(records), "done": not more, "records": records[start : start + org.page]}
        if more:
            page["nextRecordsUrl"] = f"/services/data/v64.0/query/01gX-{start + org.page}"
        self.reply(200, page)

    def log_file(self, file: LogFile) -> None:
        org = self.org
        zipped = org.gzip and "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(file.body) if zipped else file.body
        encoding = "gzip" if zipped else ""
        body, encoding = org.bodies.get(file.id, (body, encoding))
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Transfer-Encoding", "chunked")
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        end = min(org.cut_at.get(file.id, len(body)), org.end_at.get(file.id, len(body)))
        step = 1 if file.id in org.drip else 1 << 16
        try:
            for place in range(0, end, step):
                part = body[place : min(place + step, end)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                if file.id in org.drip:
                    self.wfile.flush()
                    time.sleep(org.drip[file.id])
            if file.id in org.cut_at:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True

    def stay(self, what: str) -> None:
        self.org.calls[f"stuck {what}"] += 1
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(5)

    def reply(self, status: int, document: Any, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        body = body.replace(b'"@1e400"', b"1e400")  # what Python does not write
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Sforce-Limit-Info", f"api-usage={self.org.used}/{self.org.limit}")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class OrgServer:
    """Serves an `Org` on loopback; its certificate is its own authority."""

    def __init__(self, directory: Path, now: Callable[[], dt.datetime]) -> None:
        self.org = Org(now)
        handler = type("Handler", (_Handler,), {"org": self.org})
        certificate, key = _certificate(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.org.url = f"https://localhost:{self._server.server_port}"
        self.org.ca = certificate
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Two servers of one folder share theirs."""
    paths = directory / "ca.pem", directory / "key.pem"
    if paths[0].exists():
        return paths
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
