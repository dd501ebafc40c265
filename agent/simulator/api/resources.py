"""The resources under `/services/data/vXX.0/`: limits, queries and their pages, descriptions, records, log files."""

from __future__ import annotations

import re
import secrets
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agent.simulator.api import query
from agent.simulator.api.catalogue import picklists, tables
from agent.simulator.api.filters.refusals import UNKNOWN_ENTITY
from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.api.http_message import ApiAnswer, ApiRequest, RestError, json_answer
from agent.simulator.api.identity import identity_url
from agent.simulator.api.soql_parser import parse
from agent.simulator.api.soql_place import placed
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import Record
from agent.simulator.world.record_id import long_id

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

FIRST, OLDEST, NEWEST = 7, 31, 67
"""API versions: 7 to 20 are retired since Summer '22, 21 to 30 since Summer '25."""
LOCATOR_LIFE = timedelta(days=2)
SMALLEST_PAGE = 200

_METHODS = ("HEAD", "GET")
_RESOURCES = ("limits", "query", "queryAll", "sobjects")


class Resources:
    """The data of one org. Safe for threads."""

    def __init__(self, org: SimulatedOrg) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._open: dict[str, tuple[datetime, int, list[Record]]] = {}

    def answer(self, kind: str, request: ApiRequest) -> ApiAnswer:
        """Raises RestError."""
        version, _, rest = request.path.removeprefix("/services/data/v").partition("/")
        _check_version(version)
        if kind != "other" and request.method not in _METHODS:
            allowed = ",".join(_METHODS)
            message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
            raise RestError(405, "METHOD_NOT_ALLOWED", message, Allow=allowed)
        parts = rest.strip("/").split("/")
        match kind:
            case "resources":
                named = {name: f"/services/data/v{version}/{name}" for name in _RESOURCES}
                return json_answer(named | {"identity": identity_url(self._org, request.base)})
            case "limits":
                return json_answer(self._limits())
            case "query":
                return self._query(version, parts, request)
            case "describe":
                return self._describe(version, parts)
            case "record":
                return self._record(version, parts[1], parts[2])
            case "log_file":
                return self._log_file(version, parts[2])
        raise RestError(404, "NOT_FOUND", "The requested resource does not exist")

    def _limits(self) -> Record:
        limit, used = self.limit(), self._org.api_calls
        return {
            "DailyApiRequests": {"Max": limit, "Remaining": max(0, limit - used)},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 14_211},
            "DailyStreamingApiEvents": {"Max": 10_000, "Remaining": 10_000},
        }

    def limit(self) -> int:
        """API calls the org may make in 24 hours."""
        return self._org.faults.limit_after or self._org.settings.api_limit

    def _query(self, version: str, parts: list[str], request: ApiRequest) -> ApiAnswer:
        if len(parts) > 1 and parts[1]:
            return self._page(version, *self._located(parts[1]), size=self.page_size(request))
        if "q" not in request.parameters:
            raise RestError(400, "MALFORMED_QUERY", "A query string has to be specified")
        total, records, paged = self._run(version, request.parameters["q"], all_rows=parts[0] == "queryAll")
        size = self.page_size(request) if paged else max(1, len(records))
        return self._page(version, "", 0, total, records, size=size)

    def _run(self, version: str, text: str, *, all_rows: bool) -> tuple[int, list[Record], bool]:
        """How many rows there are, the records, and whether they come in pages; those of a big object do not."""
        try:
            tree = parse(text, self._org.now())
            table = self.tables(version).get(tree.entity.lower())
            if table is None:
                raise SoqlError(UNKNOWN_ENTITY.format(name=tree.entity), "INVALID_TYPE", word=tree.entity)
            return *query.run(tree, table, version, all_rows=all_rows), table.newest is None
        except SoqlError as error:
            raise RestError(400, error.code, placed(text, error)) from error

    def tables(self, version: str) -> dict[str, Table]:
        """Object name in lower case to the object, as one API version shows it."""
        return tables(self._org, version)

    def page_size(self, request: ApiRequest) -> int:
        """Records a page of this client has: 200 to 2,000, as it asks."""
        found = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""), re.IGNORECASE)
        most = self._org.settings.page_rows
        return max(min(SMALLEST_PAGE, most), min(most, int(found[1]))) if found else most

    def _page(
        self, version: str, locator: str, first: int, total: int, records: list[Record], *, size: int
    ) -> ApiAnswer:
        shown, done = records[first : first + size], first + size >= len(records)
        page: Record = {"totalSize": total, "done": done, "records": shown}
        if not done:
            name = locator or self._keep(total, records)
            page["nextRecordsUrl"] = f"/services/data/v{version}/query/{name}-{first + size}"
        return json_answer(page)

    def _keep(self, total: int, records: list[Record]) -> str:
        name = f"01g{secrets.token_hex(6)}AAA"
        with self._lock:
            self._open[name] = (self._org.now(), total, records)
        return name

    def _located(self, locator: str) -> tuple[str, int, int, list[Record]]:
        name, _, first = locator.rpartition("-")
        with self._lock:
            opened, total, records = self._open.get(name, (None, 0, []))
        faults = self._org.faults
        life = timedelta(seconds=faults.locator_seconds) if faults.locator_seconds else LOCATOR_LIFE
        lost = opened is None or self._org.now() - opened > life or faults.stale_locator
        if lost or not first.isdigit():
            raise RestError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return name, int(first), total, records

    def _describe(self, version: str, parts: list[str]) -> ApiAnswer:
        known = self.tables(version)
        if len(parts) == 1:
            return json_answer({"encoding": "UTF-8", "sobjects": [_listed(table, version) for table in known.values()]})
        table = known.get(parts[1].lower())
        if table is None:
            raise RestError(404, "NOT_FOUND", "The requested resource does not exist")
        if len(parts) == 2:
            return json_answer({"objectDescribe": _listed(table, version), "recentItems": []})
        return json_answer(table.describe(picklists(table)))

    def _record(self, version: str, name: str, ident: str) -> ApiAnswer:
        table = self.tables(version).get(name.lower())
        row = next((row for row in table.rows() if row["Id"] == long_id(ident)), None) if table else None
        if table is None or row is None:
            raise RestError(404, "NOT_FOUND", "The requested resource does not exist")
        url = f"/services/data/v{version}/sobjects/{table.name}/{row['Id']}"
        plain = {field: row.get(field) for field in table.fields if "." not in field}
        return json_answer({"attributes": {"type": table.name, "url": url}} | plain)

    def _log_file(self, version: str, ident: str) -> ApiAnswer:
        faults, file = self._org.faults, self._org.log_file(ident)
        if file is None or faults.missing_permission or "eventlogfile" not in self.tables(version):
            raise RestError(404, "NOT_FOUND", "The requested resource does not exist")
        if faults.missing_log_file and faults.only_file in ("", file.id, file.event_type):
            raise RestError(faults.missing_log_file, "NOT_FOUND", "The requested resource does not exist")
        return ApiAnswer(content_type="application/octetstream", file=file)


def _check_version(version: str) -> None:
    """Raises RestError for one that there is not yet, not any more, or never was."""
    known = re.fullmatch(r"\d{1,2}\.0", version)
    if known and FIRST <= float(version) < OLDEST:
        raise RestError(410, "GONE", "The requested resource has been retired or removed.")
    if not known or not OLDEST <= float(version) <= NEWEST:
        raise RestError(404, "NOT_FOUND", "The requested resource does not exist")


def _listed(table: Table, version: str) -> Record:
    base = f"/services/data/v{version}/sobjects/{table.name}"
    return {
        "name": table.name,
        "label": table.name,
        "queryable": table.queryable,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": base + "/{ID}"},
    }
