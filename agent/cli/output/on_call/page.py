"""`leakline oncall show` for people: who is on call, what comes, and the hours in which no person is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from agent.terminal import Terminal, paragraph, words

SHOWN = 60
"""Shifts that people are shown; JSON has all."""

SHOWN_GAPS = 10


def show_page(found: dict[str, Any], console: Terminal) -> None:
    """`found`: what `agent.daemon.on_call.on_call_document` makes."""
    for line in (*_now(found), *_calendar(found), *_overrides(found), *_maintenance(found)):
        paragraph(console, line, indent=3)
    if found["shifts"]:
        console.print(_table(found))
    if len(found["shifts"]) > SHOWN:
        console.print(f"{len(found['shifts']) - SHOWN:,} further shifts: --json has all", markup=False)
    for line in _gaps(found):
        paragraph(console, line, indent=3)


def _now(found: dict[str, Any]) -> Iterator[Text]:
    at = _local(found["at"], found["zone"])
    if not found["on_call"]:
        yield words(f"{at}: no person is on call", "bold red")
    for shift in found["on_call"]:
        until = _local(shift["ends"], shift["zone"])
        yield words(f"{at}: ") + words(shift["person"], "bold") + words(f" by {_source(shift)}, until {until}")
    for rotation in found["rotations"]:
        who = ", ".join(rotation["on_call"]) or "outside its hours"
        handover = _local(rotation["next_handover"], rotation["zone"])
        yield words(f"rotation {rotation['name']}: {who}; next handover {handover}")


def _calendar(found: dict[str, Any]) -> Iterator[Text]:
    calendar = found["calendar"] or {"failed": "", "unknown": []}
    if calendar["failed"]:
        yield words(f"the calendar: {calendar['failed']}", "red")
    if calendar["unknown"]:
        yield words(f"events of the calendar without a person of that name: {', '.join(calendar['unknown'])}", "yellow")


def _overrides(found: dict[str, Any]) -> Iterator[Text]:
    for override in found["overrides"]:
        place = f"in place of {override['rotation']}" if override["rotation"] else "in addition"
        begins, until = (_local(override[name], found["zone"]) for name in ("begins", "until"))
        said = f"{override['id']}: {override['person']} {place} from {begins} until {until}"
        yield words(f"{said}, by {override['by']}: {override['reason']}", "yellow")


def _maintenance(found: dict[str, Any]) -> Iterator[Text]:
    if maintenance := found["maintenance"]:
        until = _local(maintenance["until"], found["zone"])
        yield words(f"maintenance until {until}, by {maintenance['by']}: {maintenance['reason']}", "yellow")


def _table(found: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in ("from", "until", "person", "by"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("from", "until"), min_width=6)
    for shift in found["shifts"][:SHOWN]:
        begins, ends = (_minute(shift[name], shift["zone"]) for name in ("begins", "ends"))
        table.add_row(begins, ends, words(shift["person"]), words(_source(shift)))
    return table


def _gaps(found: dict[str, Any]) -> Iterator[Text]:
    for begins, ends in found["gaps"][:SHOWN_GAPS]:
        times = f"{_local(begins, found['zone'])} to {_local(ends, found['zone'])}"
        yield words(f"no person is on call from {times}", "red")
    if found["gaps"]:
        hours = timedelta(seconds=found["gap_seconds"]) / timedelta(hours=1)
        yield words(
            f"in all {hours:,.1f} h without a person on call until {_local(found['until'], found['zone'])}", "red"
        )


def _source(shift: dict[str, Any]) -> str:
    if shift["source"] == "override":
        return f"override of {shift['rotation']}" if shift["rotation"] else "override"
    return shift["rotation"] or str(shift["source"])


def _local(time: str, zone: str) -> str:
    return f"{_minute(time, zone)} {zone}"


def _minute(time: str, zone: str) -> str:
    """With the offset: where clocks go back, an hour comes twice."""
    return f"{datetime.fromisoformat(time).astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %z}"
