"""The REST resources: what each path answers, and every refusal with its own body."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from agent.simulator import query
from agent.simulator.catalogue import picklists, tables
from agent.simulator.log_file import LogFile
from agent.simulator.oauth import SCOPE, OAuthError, Tokens
from agent.simulator.objects import Record, Table
from agent.simulator.record_id import long_id
from agent.simulator.soql import SoqlError, parse

if TYPE_CHECKING:
    from agent.simulator.org import Org

OLDEST, NEWEST = 31, 67
LOCATOR_LIFE = timedelta(days=2)
SMALLEST_PAGE = 200
CONTROL = "/__simulator/"

_RESOURCES = ("limits", "query", "sobjects")


@dataclass(frozen=True, slots=True)
class Request:
    """`base`: scheme, host and port the client used. Header names are in lower case."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`file`: a log file to stream instead of `body`."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    file: LogFile | None = None


class Refusal(Exception):
    """A REST error: `[{"message", "errorCode"}]`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def kind_of(path: str) -> str:
    """Which kind of call a path is: what faults are aimed at and calls are counted by."""
    if path.startswith(CONTROL):
        return "control"
    if path.startswith("/services/oauth2/"):
        return path.removeprefix("/services/oauth2/").rstrip("/")
    for kind, pattern in _KINDS:
        if pattern.fullmatch(path):
            return kind
    return "other"


_KINDS = (
    ("versions", re.compile(r"/services/data/?")),
    ("resources", re.compile(r"/services/data/v[\d.]+/?")),
    ("limits", re.compile(r"/services/data/v[\d.]+/limits/?")),
    ("query", re.compile(r"/services/data/v[\d.]+/query(?:/.*)?")),
    ("describe", re.compile(r"/services/data/v[\d.]+/sobjects(?:/\w+(?:/describe)?)?/?")),
    ("log_file", re.compile(r"/services/data/v[\d.]+/sobjects/EventLogFile/\w+/LogFile/?")),
    ("record", re.compile(r"/services/data/v[\d.]+/sobjects/\w+/\w+/?")),
    ("identity", re.compile(r"/id/\w+/\w+")),
)


class Rest:
    """Answers requests for one org. Safe for threads."""

    def __init__(self, org: Org, tokens: Tokens) -> None:
        self._org = org
        self._tokens = tokens
        self._lock = threading.Lock()
        self._open: dict[str, tuple[datetime, int, list[Record]]] = {}

    def answer(self, request: Request) -> Answer:
        """Never raises: what is refused is an answer, too."""
        kind = kind_of(request.path)
        self._org.count(kind)
        try:
            return self._answer(kind, request)
        except Refusal as refusal:
            body = [{"message": str(refusal), "errorCode": refusal.code}]
            return self._limited(_json(body, refusal.status), kind)
        except OAuthError as error:
            return _json({"error": error.error, "error_description": error.description}, 400)

    def _answer(self, kind: str, request: Request) -> Answer:
        match kind:
            case "control":
                return self._control(request)
            case "token":
                return self._token(request)
            case "revoke":
                return self._revoke(request)
            case "versions":
                return _json([_version(number) for number in range(OLDEST, NEWEST + 1)])
        self._authorize(request)
        if kind in ("userinfo", "identity"):
            return _json(self._identity(request))
        self._check_limits()
        return self._limited(self._data(kind, request), kind)

    def _data(self, kind: str, request: Request) -> Answer:
        version, _, rest = request.path.removeprefix("/services/data/v").partition("/")
        if not re.fullmatch(r"\d\d\.0", version) or not OLDEST <= float(version) <= NEWEST:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if request.method != "GET":
            raise Refusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are GET")
        parts = rest.strip("/").split("/")
        match kind:
            case "resources":
                return _json({name: f"/services/data/v{version}/{name}" for name in _RESOURCES})
            case "limits":
                return _json(self._limits())
            case "query":
                return self._query(version, parts[1] if len(parts) > 1 else "", request)
            case "describe":
                return self._describe(version, parts)
            case "record":
                return self._record(version, parts[1], parts[2])
            case "log_file":
                return self._log_file(version, parts[2])
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "oauth"):
            raise Refusal(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if not self._tokens.check(token.strip(), self._org.faults):
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def _check_limits(self) -> None:
        if self._org.faults.api_disabled:
            raise Refusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
        if not self._org.count_api_call():
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _limits(self) -> Record:
        limit, used = self._limit(), self._org.api_calls
        return {
            "DailyApiRequests": {"Max": limit, "Remaining": max(0, limit - used)},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 14_211},
            "DailyStreamingApiEvents": {"Max": 10_000, "Remaining": 10_000},
        }

    def _limit(self) -> int:
        return self._org.faults.limit_after or self._org.settings.api_limit

    def _limited(self, answer: Answer, kind: str) -> Answer:
        if kind not in ("token", "revoke", "control", "versions"):
            answer.headers["Sforce-Limit-Info"] = f"api-usage={self._org.api_calls}/{self._limit()}"
        return answer

    def _query(self, version: str, locator: str, request: Request) -> Answer:
        if locator:
            return self._page(version, *self._located(locator), size=self._page_size(request))
        if "q" not in request.parameters:
            raise Refusal(400, "MALFORMED_QUERY", "A query string has to be specified")
        total, records = self._run(version, request.parameters["q"])
        return self._page(version, "", 0, total, records, size=self._page_size(request))

    def _run(self, version: str, text: str) -> tuple[int, list[Record]]:
        try:
            tree = parse(text, self._org.now())
            return query.run(tree, self._table(version, tree.entity), version)
        except SoqlError as error:
            raise Refusal(400, error.code, str(error)) from error

    def _table(self, version: str, name: str) -> Table:
        table = tables(self._org, version).get(name.lower())
        if table is None:
            raise Refusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return table

    def _page_size(self, request: Request) -> int:
        found = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""), re.IGNORECASE)
        most = self._org.settings.page_rows
        return max(min(SMALLEST_PAGE, most), min(most, int(found[1]))) if found else most

    def _page(self, version: str, locator: str, first: int, total: int, records: list[Record], *, size: int) -> Answer:
        shown, done = records[first : first + size], first + size >= len(records)
        page: Record = {"totalSize": total, "done": done, "records": shown}
        if not done:
            name = locator or self._keep(total, records)
            page["nextRecordsUrl"] = f"/services/data/v{version}/query/{name}-{first + size}"
        return _json(page)

    def _keep(self, total: int, records: list[Record]) -> str:
        name = f"01g{secrets.token_hex(6)}AAA"
        with self._lock:
            self._open[name] = (self._org.now(), total, records)
        return name

    def _located(self, locator: str) -> tuple[str, int, int, list[Record]]:
        name, _, first = locator.rpartition("-")
        with self._lock:
            opened, total, records = self._open.get(name, (None, 0, []))
        lost = opened is None or self._org.now() - opened > LOCATOR_LIFE or self._org.faults.stale_locator
        if lost or not first.isdigit():
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return name, int(first), total, records

    def _describe(self, version: str, parts: list[str]) -> Answer:
        known = tables(self._org, version)
        if len(parts) == 1:
            return _json({"encoding": "UTF-8", "sobjects": [_listed(table, version) for table in known.values()]})
        table = known.get(parts[1].lower())
        if table is None:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if len(parts) == 2:
            return _json({"objectDescribe": _listed(table, version), "recentItems": []})
        return _json(table.describe(picklists(table)))

    def _record(self, version: str, name: str, ident: str) -> Answer:
        table = self._table(version, name)
        row = next((row for row in table.rows() if row["Id"] == long_id(ident)), None)
        if row is None:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        url = f"/services/data/v{version}/sobjects/{table.name}/{row['Id']}"
        plain = {field: row.get(field) for field in table.fields if "." not in field}
        return _json({"attributes": {"type": table.name, "url": url}} | plain)

    def _log_file(self, version: str, ident: str) -> Answer:
        faults, file = self._org.faults, self._org.log_file(ident)
        if file is None or faults.missing_permission or "eventlogfile" not in tables(self._org, version):
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if faults.missing_log_file and faults.only_file in ("", file.id, file.event_type):
            raise Refusal(faults.missing_log_file, "NOT_FOUND", "The requested resource does not exist")
        return Answer(content_type="application/octetstream", file=file)

    def _token(self, request: Request) -> Answer:
        if request.method != "POST":
            raise OAuthError("invalid_request", "must use HTTP POST")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        token = self._tokens.grant(form, request.headers.get("authorization", ""), request.base, self._org.faults)
        answer = {
            "access_token": token,
            "signature": secrets.token_urlsafe(32),
            "scope": SCOPE,
            "instance_url": request.base,
            "id": self._identity_url(request),
            "token_type": "Bearer",
            "issued_at": str(int(self._org.now().timestamp() * 1000)),
        }
        if form.get("grant_type") != "refresh_token":
            answer["api_instance_url"] = request.base
        return _json(answer)

    def _revoke(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"))) | dict(request.parameters)
        if not self._tokens.revoke(form.get("token", "")):
            raise OAuthError("invalid_token", "invalid token")
        return Answer(200)

    def _identity_url(self, request: Request) -> str:
        return f"{request.base}/id/{self._org.id}/{long_id(self._org.staff.watcher.id)}"

    def _identity(self, request: Request) -> Record:
        user = self._org.staff.watcher
        return {
            "sub": self._identity_url(request),
            "id": self._identity_url(request),
            "user_id": long_id(user.id),
            "organization_id": self._org.id,
            "preferred_username": user.username,
            "username": user.username,
            "name": user.name,
            "email": user.email,
            "zoneinfo": user.time_zone,
            "active": True,
            "user_type": "STANDARD",
            "urls": {"rest": f"{request.base}/services/data/v{{version}}/"},
        }

    def _control(self, request: Request) -> Answer:
        """For tests and demonstrations: switch faults, move the clock, read the counters."""
        name = request.path.removeprefix(CONTROL).strip("/")
        try:
            values: dict[str, Any] = orjson.loads(request.body or b"{}")
            if name == "faults" and request.method == "POST":
                self._org.change_faults(**values)
            elif name == "advance" and request.method == "POST":
                self._org.advance(**values)
            elif name == "sign-out" and request.method == "POST":
                self._tokens.revoke_all()
            elif name not in ("faults", "calls"):
                raise Refusal(404, "NOT_FOUND", "there are faults, advance, sign-out and calls")
        except (ValueError, TypeError) as error:
            raise Refusal(400, "INVALID", str(error)) from error
        state = {"faults": self._org.faults, "calls": self._org.calls, "api_calls": self._org.api_calls}
        return _json(state | {"now": self._org.now()})


def _version(number: int) -> Record:
    return {"label": f"Release {number}", "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def _listed(table: Table, version: str) -> Record:
    base = f"/services/data/v{version}/sobjects/{table.name}"
    return {
        "name": table.name,
        "label": table.name,
        "queryable": True,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": base + "/{ID}"},
    }


def _json(value: Any, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(value))
