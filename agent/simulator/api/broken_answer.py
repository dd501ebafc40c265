"""What a broken server says instead of an answer, or in the middle of one."""

from __future__ import annotations

from agent.simulator.api.http_message import ApiAnswer
from agent.simulator.api.wire_proxy import Ending
from agent.simulator.world.faults import Faults

_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are down for maintenance</h1></body></html>"
_BODIES = {
    500: b'[{"message":"An unexpected error occurred.","errorCode":"UNKNOWN_EXCEPTION"}]',
    503: b'[{"message":"The servers are temporarily unavailable","errorCode":"SERVER_UNAVAILABLE"}]',
}


def is_broken(faults: Faults) -> bool:
    """Whether any fault of transport is on."""
    return bool(faults.status or faults.html or faults.short_json or faults.cut_json or _wire_ending(faults))


def broken_answer(faults: Faults) -> ApiAnswer:
    """The error, or the page, in the answer's place."""
    if faults.html:
        return ApiAnswer(200, _PAGE, "text/html;charset=UTF-8")
    if faults.status in _BODIES:
        return ApiAnswer(faults.status, _BODIES[faults.status])
    return ApiAnswer(faults.status, _PAGE, "text/html")


def ending_of(faults: Faults, *, is_file: bool) -> Ending:
    """How the connection ends in the middle of an answer that is struck."""
    return _wire_ending(faults) or ("close" if faults.cut_json and not is_file else "")


def _wire_ending(faults: Faults) -> Ending:
    if faults.reset:
        return "reset"
    if faults.half_close:
        return "half_close"
    return "hang" if faults.hang else ""
