"""Files of indicators: addresses, networks, AS numbers, programs and apps that were published as bad, with their dates.

YAML has a list `indicators`; CSV a header of the same names. Each needs `value`, `kind`, `source` and `added`, and may have
`campaign`, `expires` and `note`. Dates are written 2026-06-17. A YAML file may give `campaign`, `source`, `added` and
`expires` once for all, and list under `missing` what is known to have been published and is not in it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from agent.columns.text.folded_name import folded
from agent.enrichment.lists.iso_date import read_iso_date
from agent.errors import MappingError
from agent.yaml_lines.text_file import YamlFile, read_yaml

ADDRESS_KINDS = ("address", "network", "as")
PROGRAM_KINDS = ("user_agent", "library")
"""A part of a user agent: of a program that nobody else uses, or of one that many use."""
KINDS = (*ADDRESS_KINDS, *PROGRAM_KINDS, "app")

_WANTED = ("value", "kind", "source", "added")
_FREE = ("campaign", "expires", "note")
_SHARED = ("campaign", "source", "added", "expires")
_OF_MISSING = ("what", "source", "why")
SHORTEST_AGENT = 5
"""Characters: a shorter part of a user agent stands in every browser's."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """`value` as matched: addresses and networks in their usual form, AS numbers without letters, agents in lower case,
    names of apps folded.
    """

    value: str
    kind: str
    source: str
    campaign: str
    added: datetime
    expires: datetime
    path: Path


@dataclass(frozen=True, slots=True)
class MissingIndicators:
    """What was published and could not be had, or cannot be used: `what`, by whom (`source`), and `why` it is not here."""

    what: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class IndicatorFile:
    """What one file holds, and what it says that it lacks."""

    indicators: tuple[Indicator, ...]
    missing: tuple[MissingIndicators, ...] = ()


def read_indicators(path: Path, age: timedelta) -> IndicatorFile:
    """`age`: how long one without `expires` counts. Raises MappingError with file and line."""
    if path.suffix.lower() == ".csv":
        return IndicatorFile(tuple(_indicator(path, line, entry, age) for line, entry in _of_csv(path)))
    file = read_yaml(path)
    entries = _of_yaml(file)
    return IndicatorFile(
        tuple(_indicator(path, line, entry, age) for line, entry in entries), tuple(_missing_indicators(file))
    )


def _of_yaml(file: YamlFile) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = file.content.get("indicators")
    if not isinstance(entries, list):
        raise file.error((), "no list `indicators`", hint="write `indicators:` and entries of `value`, `kind`, …")
    for name in file.content:
        if name not in ("indicators", "missing", *_SHARED):
            raise file.error((name,), f"unknown key `{name}`", hint=f"use indicators, missing, {', '.join(_SHARED)}")
    shared = {name: file.content[name] for name in _SHARED if name in file.content}
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise file.error(("indicators", place), "an entry is not a mapping", hint="begin it with `- value: …`")
        yield file.line_of("indicators", place), shared | entry


def _missing_indicators(file: YamlFile) -> Iterator[MissingIndicators]:
    entries = file.content.get("missing", [])
    if not isinstance(entries, list):
        raise file.error(("missing",), "`missing` is not a list", hint=f"write entries of {', '.join(_OF_MISSING)}")
    for place, entry in enumerate(entries):
        texts = entry if isinstance(entry, dict) else {}
        if set(texts) != set(_OF_MISSING) or not all(isinstance(text, str) for text in texts.values()):
            hint = f"give each {', '.join(_OF_MISSING)}, and nothing else"
            raise file.error(("missing", place), "an entry of `missing` is not complete", hint=hint)
        yield MissingIndicators(**texts)


def _of_csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(path, 1, f"cannot be read ({error})", hint="save it as plain text in UTF-8") from error
    reader = csv.DictReader(lines)
    for row in reader:
        if None in row or None in row.values():
            raise MappingError(path, reader.line_num, "the line has more or fewer cells than the header")
        yield reader.line_num, {name.strip(): (value or "").strip() or None for name, value in row.items()}


def _indicator(path: Path, line: int, entry: Mapping[str, Any], age: timedelta) -> Indicator:
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
        hint = "write 192.0.2.7, 192.0.2.0/24, AS64496, a part of a user agent or the name of an app"
        raise wrong(str(error), hint) from None
    try:
        added = _date(entry["added"])
        # The day itself still counts.
        expires = _date(entry["expires"]) + timedelta(days=1) if entry.get("expires") else added + age
    except ValueError:
        raise wrong("a date is not valid", "write `added` and `expires` as 2026-06-17") from None
    return Indicator(value, entry["kind"], entry["source"], entry.get("campaign") or "", added, expires, path)


def _date(text: str) -> datetime:
    """The beginning of a day in UTC: indicators come from everywhere and name no zone."""
    return datetime.combine(read_iso_date(text), time(), UTC)


def _value(text: str, kind: str) -> str:
    """Raises ValueError for a value that is not of its kind."""
    match kind:
        case "address":
            address = ip_address(text)
            return str(getattr(address, "ipv4_mapped", None) or address)
        case "network":
            return str(ip_network(text))
        case "as":
            if not re.fullmatch(r"(AS)?\d{1,10}", text, re.IGNORECASE):
                raise ValueError(f"{text!r} is not an AS number")
            return str(int(text.upper().removeprefix("AS")))
        case "app":
            if not folded(text):
                raise ValueError(f"{text!r} is not the name of an app")
            return folded(text)
        case _:
            if len(text) < SHORTEST_AGENT:
                raise ValueError(f"{text!r} is too short for a part of a user agent")
            return text.lower()
