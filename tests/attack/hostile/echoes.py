"""An org, a proxy and destinations that repeat whatever they get, in every encoding; and the search for what they got."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.store.batch_file import IPC_FILE, decode
from tests.certificates import make_certificates
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply

FRAMES = (IPC_FILE, b"\xff\xff\xff\xff")
"""How the bytes of a frame begin: a file, or the mark of a stream's first message."""

ORG_ID = "00D000000000001EAA"

CANARIES = {
    "client secret": "6QX0CLIENTsecret3F5D7A9B1C/E0+F2a4=c6e8",
    "refresh token": "5Aep861REFRESHtoken_x7.Kq2!Zt9vB4nM1wR8y",
    "other client secret": "6QX0SECONDsecret-b1d3f5a7c9e1",
    "rotated refresh token": "5Aep861ROTATEDtoken_p3.Lw8!Qs6uY2hJ5kD",
    "access token": "ACCESStoken!AQ4AQFz1kq7Zb0vW.3nYc_Xe9LrTfHs2mJd",
    "session of its form": "00D5g00000ABCde!AQ4AQSESSIONkq7Zb0vW.3nYc_Xe9LrTf",
    "HEC token": "7f3a9c51-HEC0-4d2e-b8f6-0a1c3e5d7f90",
    "HEC token behind a proxy": "2b4d6f80-HEC1-4c1e-9a7b-5d3f1e0c8a62",
    "API key": "vuaAPIkeyD3rL6eK9pQ2sT5",
    "password": 'Pa55"w<o>rd&=/+ ü-of-elastic',
    "bearer": "BEARERtoken-of-elastic.h8K2m5N0q3",
    "proxy password": "Pr0xy:p@ss/w?rd+of=the proxy",
}


def repeated(request: ReceivedRequest) -> str:
    """Everything secret in a request as it came, decoded, and encoded anew in many ways; some of it cut."""
    values = [value for name, value in request.headers.items() if "auth" in name.lower()]
    for value in list(values):
        scheme, _, rest = value.partition(" ")
        values.append(rest)
        if scheme in ("Basic", "ApiKey"):
            pair = base64.b64decode(rest).decode(errors="replace")
            values += [pair, pair.partition(":")[2]]
    body = request.body.decode(errors="replace")
    if "grant_type" in body:
        values += [body, *(value for name, value in parse_qsl(body) if name != "grant_type")]
    said = [form for value in values for form in forms(value)]
    return " | ".join([*said, *(value[: len(value) * 2 // 3] for value in values if len(value) > 30)])


def forms(value: str) -> list[str]:
    """What others make of a text; written without a look at how Leakline does it."""
    data = value.encode()
    return [
        value,
        quote(value, safe=""),
        quote_plus(value),
        html.escape(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        base64.b64encode(b"x" + data).decode(),
        data.hex(),
        data.hex().upper(),
    ]


def traces(secret: str) -> Iterator[bytes]:
    """What must not be found: every form, and every 16 characters of the secret itself."""
    data = secret.encode()
    for text in (secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]):
        yield text.encode()
    yield from (data.hex().encode(), data.hex().upper().encode())
    for before in range(3):  # the letters of base64 that depend on the secret alone
        letters = base64.b64encode(bytes(before) + data)[4 if before else 0 :].rstrip(b"=")[:-2]
        yield from (letters, letters.translate(bytes.maketrans(b"+/", b"-_")))
    yield from (secret[place : place + 16].encode() for place in range(len(secret) - 15))


def found_in(where: str, data: bytes, secrets: dict[str, str]) -> list[str]:
    """`canary in where` for each canary of which `data` has a trace."""
    return [
        f"{name} in {where}" for name, secret in secrets.items() if any(trace in data for trace in set(traces(secret)))
    ]


def found_under(folder: Path, secrets: dict[str, str]) -> list[str]:
    """The same for all files under a folder: their bytes, the values of databases, the cells of batch files."""
    leaks = []
    for path in folder.rglob("*"):
        if path.is_file():
            leaks += found_in(path.name, path.read_bytes().strip(b"\0"), secrets)  # the ballast is nothing but zeros
        if path.suffix == ".arrow":
            leaks += found_in(f"{path.name}, cells", cells(path.read_bytes()), secrets)
        if path.name == "cache.db":
            with sqlite3.connect(path) as database:
                rows = database.execute("SELECT key, value FROM Cache").fetchall()
            leaks += found_in(f"{path.name}, values", repr(rows).encode(), secrets)
    return leaks


def cells(data: bytes) -> bytes:
    """The text and bytes of all cells of a batch file; the frames that dead letters hold, too."""
    text = b""
    for frame in decode(data):
        text += frame.drop("raw", strict=False).write_ndjson().encode()
        for raw in frame["raw"] if "raw" in frame.columns else ():
            text += cells(raw) if raw.startswith(FRAMES) else raw
    return text


class Echoes:
    """All of them, started; `document` is the settings that lead to them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.assertions: set[str] = set()
        self.seen: list[str] = []
        self._stack = stack
        self._certificates = make_certificates(folder)

    def secrets(self) -> dict[str, str]:
        """The canaries, the signed assertions so far, and the lines of the key that signs them."""
        key = [
            line for line in (self.folder / "key.pem").read_text().splitlines() if len(line) > 30 and "-" not in line
        ]
        signed = {f"assertion {number}": text.rpartition(".")[2] for number, text in enumerate(self.assertions)}
        return CANARIES | signed | {f"line {number} of the key": line for number, line in enumerate(key[3:6])}

    def write(self, **keys: Any) -> Path:
        """The settings as a file."""
        path = self.folder / "leakline.yaml"
        path.write_text(yaml.safe_dump(self.document(**keys)))
        return path

    def document(self, **keys: Any) -> dict[str, Any]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self.folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
        client = {"type": "client_credentials", "client_id": "app", "client_secret": self._secret("client secret")}
        refresh = {
            "type": "refresh_token",
            "client_id": "app",
            "refresh_token": self._secret("refresh token"),
            "client_secret": self._secret("other client secret"),
        }
        signed = {
            "type": "jwt_bearer",
            "client_id": "app",
            "username": "u",
            "key": {"file": str(self.folder / "key.pem")},
        }
        proxy = {"url": self._http(self._proxy), "username": "agent", "password": self._secret("proxy password")}
        bulk = {"type": "elastic", "url": self._http(self._bulk)}
        hec = {"type": "splunk", "url": self._http(self._hec)}
        return {
            "orgs": [
                self._org("client", client, CANARIES["access token"]),
                self._org("refresh", refresh, CANARIES["session of its form"]),
                self._org("signed", signed, ""),
                {**self._org("proxied", client, ""), "proxy": proxy},
            ],
            "destinations": [
                {"type": "file", "directory": str(self.folder / "out")},
                {**hec, "name": "hec", "token": self._secret("HEC token")},
                {**hec, "name": "hec-proxied", "token": self._secret("HEC token behind a proxy"), "proxy": proxy},
                {**bulk, "name": "bulk-key", "api_key": self._secret("API key", before="AbCdId01:")},
                {**bulk, "name": "bulk-basic", "username": "agent", "password": self._secret("password")},
                {**bulk, "name": "bulk-bearer", "bearer": self._secret("bearer")},
                {"type": "syslog", "host": "localhost", "port": 9, "transport": "tcp", "proxy": proxy},
            ],
            "state": {"directory": str(self.folder / "state")},
            **keys,
        }

    def _org(self, name: str, auth: dict[str, Any], token: str) -> dict[str, Any]:
        server = HttpServer(
            lambda request: self._noted(request, lambda: answer(request)), self._certificates.server_context()
        )
        self._stack.callback(server.stop)
        signed_in = [0]

        def answer(request: ReceivedRequest) -> Reply:
            """Refuses the first sign-in, and every call after the second."""
            said = repeated(request)
            if request.method != "POST":
                return self._reply(request, 500, [{"errorCode": said, "message": said}])
            self.assertions |= {value for key, value in parse_qsl(request.body.decode()) if key == "assertion"}
            signed_in[0] += 1
            if signed_in[0] == 1 or not token:
                return self._reply(request, 503, {"error": said, "error_description": said})
            given = {"access_token": token, "refresh_token": CANARIES["rotated refresh token"]}
            return Reply.json(200, {**given, "instance_url": server.url, "id": f"https://x/id/{ORG_ID}/005"})

        source = {"type": "event_log_file", "every": "1s"}
        trust = {"ca": str(self._certificates.ca)}
        return {"name": name, "url": server.url, "auth": auth, "tls": trust, "sources": [source]}

    def _hec(self, request: ReceivedRequest) -> Reply:
        said = repeated(request)[:30_000]  # of a longer answer nothing is believed
        if "health" in request.path:
            return self._reply(request, 200, {"text": said, "code": 17})
        return self._reply(request, 400, {"text": said, "code": 6, "invalid-event-number": 0})

    def _bulk(self, request: ReceivedRequest) -> Reply:
        said = repeated(request)
        if request.path == "/":
            return self._reply(request, 200, {"version": {"distribution": said, "number": said}})
        if "_bulk" not in request.path:
            return self._reply(request, 500, {"error": {"type": said, "reason": said}})
        rows = request.body.count(b"\n") // 2
        errors = [{"type": "mapper_parsing_exception", "reason": "x" * (400 + 7 * row) + said} for row in range(rows)]
        items = [{"create": {"status": 400, "error": error}} for error in errors]
        return self._reply(request, 200, {"took": 1, "errors": True, "items": items})

    def _proxy(self, request: ReceivedRequest) -> Reply:
        return self._reply(request, 407, {"error": repeated(request)})

    def _reply(self, request: ReceivedRequest, status: int, document: Any) -> Reply:
        line = repeated(request).encode("ascii", "replace").decode().replace("\n", " ")[:4000]
        reply = Reply.json(status, document, **{"X-Echo": line, "WWW-Authenticate": line})
        return Reply(reply.status, reply.body, reply.headers, phrase=line)

    def _noted(self, request: ReceivedRequest, answer: Callable[[], Reply]) -> Reply:
        self.seen.append(repeated(request))
        return answer()

    def _http(self, answer: Callable[[ReceivedRequest], Reply]) -> str:
        server = HttpServer(lambda request: self._noted(request, lambda: answer(request)))
        self._stack.callback(server.stop)
        return server.url

    def _secret(self, name: str, before: str = "") -> dict[str, str]:
        path = self.folder / name
        path.write_text(before + CANARIES[name])
        return {"file": str(path)}
