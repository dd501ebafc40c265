"""Files of indicators: addresses, networks, AS numbers and user agents that were published as bad, with their dates.

YAML has a list `indicators`; CSV a header of the same names. Wanted: `value`, `kind`, `source`, `added`; free:
`campaign`, `expires`, `note`. Dates are written 2026-06-17.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from agent.errors import MappingError
from agent.normalize.yaml_file import read_yaml

KINDS = ("address", "network", "as", "user_agent")

_WANTED = ("value", "kind", "source", "added")
_FREE = ("campaign", "expires", "note")
SHORTEST_AGENT = 5
"""Characters: a shorter part of a user agent stands in every browser's."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """`value` as matched: addresses and networks in their usual form, AS numbers without letters, agents in lower case."""

    value: str
    kind: str
    source: str
    campaign: str
    added: datetime
    expires: datetime
    path: Path


def read_indicators(path: Path, age: timedelta) -> list[Indicator]:
    """`age`: how long one without `expires` counts. Raises MappingError with file and line."""
    entries = _of_csv(path) if path.suffix.lower() == ".csv" else _of_yaml(path)
    return [_indicator(path, line, entry, age) for line, entry in entries]


def _of_yaml(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    file = read_yaml(path)
    entries = file.content.get("indicators")
    if not isinstance(entries, list) or len(file.content) != 1:
        raise file.error((), "no list `indicators`", hint="write `indicators:` and entries of `value`, `kind`, …")
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise file.error(("indicators", place), "an entry that is no mapping", hint="begin it with `- value: …`")
        yield file.lines[("indicators", place)], entry


def _of_csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(path, 1, f"cannot be read ({error})", hint="it must be a text file in UTF-8") from error
    reader = csv.DictReader(lines)
    for row in reader:
        if None in row or None in row.values():
            raise MappingError(path, reader.line_num, "more or fewer cells than the header has")
        yield reader.line_num, {name.strip(): (value or "").strip() or None for name, value in row.items()}


def _indicator(path: Path, line: int, entry: dict[str, Any], age: timedelta) -> Indicator:
    def wrong(message: str, hint: str) -> MappingError:
        return MappingError(path, line, message, hint=hint)

    for name in entry:
        if name not in (*_WANTED, *_FREE):
            raise wrong(f"unknown key `{name}`", f"use {', '.join((*_WANTED, *_FREE))}")
    for name in _WANTED:
        if not isinstance(entry.get(name), str):
            raise wrong(f"an indicator without `{name}`", f"each needs {', '.join(_WANTED)}")
    if entry["kind"] not in KINDS:
        raise wrong(f"unknown kind {entry['kind']!r}", f"use {', '.join(KINDS)}")
    try:
        value = _value(entry["value"].strip(), entry["kind"])
    except ValueError as error:
        raise wrong(str(error), "write 192.0.2.7, 192.0.2.0/24, AS64496 or a part of a user agent") from None
    try:
        added = _date(entry["added"])
        # The day itself still counts.
        expires = _date(entry["expires"]) + timedelta(days=1) if entry.get("expires") else added + age
    except ValueError:
        raise wrong("a date that is none", "write `added` and `expires` as 2026-06-17") from None
    return Indicator(value, entry["kind"], entry["source"], entry.get("campaign") or "", added, expires, path)


def _date(text: str) -> datetime:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _value(text: str, kind: str) -> str:
    """Raises ValueError for a value that is not of its kind."""
    match kind:
        case "address":
            return str(ip_address(text))
        case "network":
            return str(ip_network(text))
        case "as":
            if not re.fullmatch(r"(AS)?\d{1,10}", text, re.IGNORECASE):
                raise ValueError(f"{text!r} is no AS number")
            return str(int(text.upper().removeprefix("AS")))
        case _:
            if len(text) < SHORTEST_AGENT:
                raise ValueError(f"{text!r} is too short for a part of a user agent")
            return text.lower()
