"""The ways in which an org fails: below HTTP, in its answers, in what it refuses, in its log files.

Those of a simulated org's switches, those that no faithful org has, and what a network does to any of them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from agent.simulator.world.faults import Faults
from tests.bench.orgs.gate import GateMode
from tests.scripted_org.scripted_org import ScriptedOrg

API_CALLS = 10_000_000
"""Of a day, of an org that is well: none is to be at its limit."""

OFTEN = 1_000_000_000


def _nothing(_: ScriptedOrg) -> None:
    pass


def _no_file(_: ScriptedOrg, __: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class FailingWay:
    """What is done to an org that was well."""

    gate: GateMode = "open"
    faults: Mapping[str, Any] = field(default_factory=dict)
    """Switches of the simulator."""
    org: Callable[[ScriptedOrg], None] = _nothing
    """What else is different in its answers."""
    file: Callable[[ScriptedOrg, str], None] = _no_file
    """What is wrong with the log file of this id, which it shows next."""

    def begin(self, org: ScriptedOrg) -> None:
        """Everything but the gate."""
        org.change_faults(**self.faults)
        self.org(org)


def heal(org: ScriptedOrg) -> None:
    """Well from here on; the log files that it has stay, with what is wrong with them."""
    org.faults = Faults(limit_after=API_CALLS)
    org.stale_locators, org.page = 0, 2000
    for calls in (org.status, org.stuck):
        calls.clear()


def _answers(kind: str, *answer: Any) -> FailingWay:
    def begin(org: ScriptedOrg) -> None:
        org.status[kind] = answer

    return FailingWay(org=begin)


def _sticks(*calls: str) -> FailingWay:
    return FailingWay(org=lambda org: org.stuck.update(calls))


def _refused(code: str) -> list[dict[str, str]]:
    return [{"errorCode": code, "message": "no"}]


@cache
def _packed(size: int) -> bytes:
    """So many bytes of nothing, with gzip."""
    return gzip.compress(b" " * size)


@cache
def _long_listing() -> bytes:
    """14 MB: just what is still taken of an answer."""
    record = {
        "attributes": {"type": "EventLogFile", "url": "/services/data/v66.0/sobjects/EventLogFile/0AT"},
        "EventType": "RestApi",
        "Interval": "Hourly",
        "LogFileLength": -1.0,
    }
    records = [{**record, "Id": f"0AT{number:015d}"} for number in range(75_000)]
    return json.dumps({"totalSize": len(records), "done": True, "records": records}).encode()


def _broken_gzip(org: ScriptedOrg, ident: str) -> None:
    body = bytearray(org.bodies[ident][0])
    body[len(body) // 2] ^= 0xFF
    org.bodies[ident] = (bytes(body), "gzip")


def _bomb(org: ScriptedOrg, ident: str) -> None:
    org.bodies[ident] = (_packed(256 << 20), "gzip")


def _web_page(org: ScriptedOrg, ident: str) -> None:
    org.bodies[ident] = (b"<html><body>We are down for maintenance</body></html>", "")


def _cut(org: ScriptedOrg, ident: str) -> None:
    org.cut_at[ident] = 100


def _ended(org: ScriptedOrg, ident: str) -> None:
    org.end_at[ident] = 100


def _dripped(org: ScriptedOrg, ident: str) -> None:
    org.drip[ident] = 5.0


def _gone(org: ScriptedOrg, ident: str) -> None:
    org.status[ident] = (404, _refused("NOT_FOUND"))


def _stale(org: ScriptedOrg) -> None:
    org.page, org.stale_locators = 1, OFTEN


FAILING_WAYS: Mapping[str, FailingWay] = {
    "refuses connections": FailingWay("refuse"),
    "takes connections and says nothing": FailingWay("silent"),
    "hangs up at once": FailingWay("hang up"),
    "speaks no TLS": FailingWay("no TLS"),
    "certificate of a stranger": FailingWay("wrong certificate"),
    "drips below TLS": FailingWay("drip"),
    "420": FailingWay(faults={"status": 420}),
    "500": FailingWay(faults={"status": 500}),
    "502": FailingWay(faults={"status": 502}),
    "503": FailingWay(faults={"status": 503}),
    "200 with a web page": FailingWay(faults={"html": True}),
    "cut under a Content-Length": FailingWay(faults={"cut_json": True}),
    "half of the JSON": FailingWay(faults={"short_json": True}),
    "resets in mid-answer": FailingWay(faults={"reset": True}),
    "half-closes in mid-answer": FailingWay(faults={"half_close": True}),
    "hangs in mid-answer": FailingWay(faults={"hang": True}),
    "drips its listing": _sticks("listing"),
    "drips its tokens": FailingWay(faults={"token_seconds": 1}, org=lambda org: org.stuck.add("token")),
    "401 for ever": _answers("query", 401, _refused("INVALID_SESSION_ID")),
    "403 REQUEST_LIMIT_EXCEEDED": FailingWay(faults={"limit_after": 1}),
    "403 API_DISABLED_FOR_ORG": FailingWay(faults={"api_disabled": True}),
    "refuses tokens": FailingWay(faults={"token_seconds": 1, "token_error": "invalid_grant"}),
    "400 MALFORMED_QUERY": _answers("query", 400, _refused("MALFORMED_QUERY")),
    "no permission for log files": FailingWay(faults={"missing_permission": "invalid_type"}),
    "pages go stale": FailingWay(org=_stale),
    "answers with 200 MB in gzip": _answers(
        "query", 200, _packed(200 << 20), {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    ),
    "lists 75,000 files that are none": _answers("query", 200, _long_listing()),
    "JSON nested 100,000 deep": _answers("query", 200, b'{"a":' * 100_000),
    "its clock is a day ahead": FailingWay(faults={"date_ahead_seconds": 86_400}),
    "log file cut": FailingWay(file=_cut),
    "log file ends early": FailingWay(file=_ended),
    "log file drips": FailingWay(file=_dripped),
    "log file is gone": FailingWay(file=_gone),
    "log file in broken gzip": FailingWay(file=_broken_gzip),
    "log file is a bomb of 256 MB": FailingWay(file=_bomb),
    "log file is a web page": FailingWay(file=_web_page),
}
"""By what is printed of each. What fails in the name service is in the settings: see `lag`."""
