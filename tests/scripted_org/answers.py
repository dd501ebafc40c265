"""What a scripted org answers: as the simulated one does, unless the test says otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from agent.simulator.api.http_message import ApiAnswer, ApiRequest, RestError
from agent.simulator.api.oauth import Tokens
from agent.simulator.api.resources import Resources
from agent.simulator.api.rest import Rest, kind_of
from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import Record
from tests.scripted_org.scripted_org import Scripted, ScriptedOrg


@dataclass(frozen=True, slots=True)
class VerbatimAnswer(ApiAnswer):
    """Sent as it is, never compressed."""


class ScriptedResources(Resources):
    """Objects and pages of the test's own."""

    def __init__(self, org: ScriptedOrg) -> None:
        super().__init__(org)
        self._scripted_org = org

    def tables(self, version: str) -> dict[str, Table]:
        """With the records that a test gives in place of the simulated ones."""
        tables = super().tables(version)
        for name, fields in self._scripted_org.tables.items():
            relations = {path.partition(".")[0] for path in fields if "." in path}
            tables[name.lower()] = Table(name, fields, list, relations=dict.fromkeys(relations, "User"))
        for name, records in self._scripted_org.objects.items():
            tables[name.lower()] = replace(tables[name.lower()], rows=partial(_own, records))
        return tables

    def page_size(self, request: ApiRequest) -> int:
        """As small as the test wants it."""
        return self._scripted_org.page


class ScriptedRest(Rest):
    """Notes what is asked, answers what is scripted, and bends the rest."""

    def __init__(self, org: ScriptedOrg, tokens: Tokens) -> None:
        super().__init__(org, tokens, ScriptedResources(org))
        self._scripted_org = org

    def answer(self, request: ApiRequest) -> ApiAnswer:
        """See `Rest.answer`."""
        org, kind = self._scripted_org, kind_of(request.path)
        if "q" in request.parameters:
            org.queries.append(request.parameters["q"])
        if kind == "token":
            org.forms.append(dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
        scripted = self._scripted(kind, request)
        if scripted is None:
            return self._bent(kind, super().answer(request))
        org.count(kind)
        return self._limited(scripted, kind)

    def _scripted(self, kind: str, request: ApiRequest) -> ApiAnswer | None:
        org = self._scripted_org
        if kind == "token":
            return None if org.token_error is None else _verbatim(org.token_error)
        name = request.path.rstrip("/").split("/")[-2] if kind == "log_file" else kind
        listing = "listing" if is_listing(kind, request) else name
        stale = bool(kind == "query" and "q" not in request.parameters and org.stale_locators)
        if not stale and name not in org.status and listing not in org.status:
            return None
        try:
            self._authorize(kind, request)
        except RestError:
            return None
        org.count_api_call()
        if stale:
            org.stale_locators -= 1
            return _verbatim((400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]))
        return _verbatim(org.status[name] if name in org.status else org.status[listing])

    def _bent(self, kind: str, answer: ApiAnswer) -> ApiAnswer:
        """A token answer with what the test adds to it, a page with its odd records."""
        org = self._scripted_org
        if answer.status != 200 or not (org.token_extra if kind == "token" else org.odd and kind == "query"):
            return answer
        document = json.loads(answer.body)
        if kind == "token":
            return _verbatim((200, document | org.token_extra, answer.headers))
        document["records"] = [self._listed(record) for record in document["records"]]
        return _verbatim((200, document, answer.headers))

    def _listed(self, record: dict[str, Any]) -> Any:
        odd = self._scripted_org.odd.get(str(record.get("Id") or record.get("RequestIdentifier")), {})
        return {**record, **odd} if isinstance(odd, dict) else odd


def is_listing(kind: str, request: ApiRequest) -> bool:
    """Whether it asks for files by the time of their creation."""
    return kind == "query" and "CreatedDate" in request.parameters.get("q", "")


def _own(records: list[Record]) -> list[Record]:
    return records


def _verbatim(scripted: Scripted) -> VerbatimAnswer:
    status, document, *headers = scripted
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    body = body.replace(b'"@1e400"', b"1e400")  # what Python does not write
    return VerbatimAnswer(status, body, headers=dict(*headers))
