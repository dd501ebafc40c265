"""Sigma, read off the page: one rule's detections against one event at a time, in plain Python.

Knows nothing of the code under test, and takes its time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import datetime
from fnmatch import translate
from typing import Any

Event = Mapping[str, Any]


def holds(detection: Mapping[str, Any], event: Event) -> bool:
    """`condition` is a nested tuple here: ("and", a, b, …), ("or", …), ("not", a) or the name of a selection."""
    return _condition(detection["condition"], detection, event)


def _condition(condition: Any, detection: Mapping[str, Any], event: Event) -> bool:
    if isinstance(condition, str):
        return _selection(detection[condition], event)
    word, *parts = condition
    verdicts = [_condition(part, detection, event) for part in parts]
    return {"and": all(verdicts), "or": any(verdicts), "not": not verdicts[0]}[word]


def _selection(selection: Any, event: Event) -> bool:
    if isinstance(selection, list):
        if all(not isinstance(part, dict) for part in selection):
            return any(_keyword(part, event) for part in selection)
        return any(_selection(part, event) for part in selection)
    return all(_item(key, value, event) for key, value in selection.items())


def _keyword(text: str, event: Event) -> bool:
    return any(_text("*" + text + "*", value, cased=False) for value in event.values() if value is not None)


def _item(key: str, values: Any, event: Event) -> bool:
    field, *modifiers = key.split("|")
    linked = all if "all" in modifiers else any
    values = values if isinstance(values, list) else [values]
    verdict = linked(_value(value, modifiers, event.get(field), event) for value in values)
    return not verdict if "neq" in modifiers else verdict


def _value(wanted: Any, modifiers: list[str], found: Any, event: Event) -> bool:
    if "exists" in modifiers:
        return (found is not None) is wanted
    if wanted is None:
        return found is None
    if "fieldref" in modifiers:
        wanted = event.get(wanted)
        if wanted is None:
            return False
        modifiers = [m for m in modifiers if m != "fieldref"]
        return found is not None and _plain(str(wanted).lower(), str(found).lower(), modifiers)
    if isinstance(found, list):
        return any(_value(wanted, modifiers, element, event) for element in found)
    if found is None:
        return False
    if "re" in modifiers:
        flags = re.IGNORECASE if "i" in modifiers else 0
        return re.search(wanted, _said(found), flags) is not None
    if "cidr" in modifiers:
        return _inside(wanted, found)
    parts = [m for m in modifiers if m in ("minute", "hour", "day", "week", "month", "year")]
    if parts:
        part = _part(parts[0], found)
        return part is not None and _compared(part, wanted, modifiers)
    if isinstance(wanted, bool):
        return (
            found is wanted
            if isinstance(found, bool)
            else str(found).lower() == str(wanted).lower() and isinstance(found, str)
        )
    if isinstance(wanted, int | float):
        number = _number(found)
        return number is not None and _compared(number, wanted, modifiers)
    for modifier, pattern in (("contains", f"*{wanted}*"), ("startswith", f"{wanted}*"), ("endswith", f"*{wanted}")):
        if modifier in modifiers:
            return _text(pattern, found, cased="cased" in modifiers)
    return _text(wanted, found, cased="cased" in modifiers)


def _plain(wanted: str, found: str, modifiers: list[str]) -> bool:
    if "contains" in modifiers:
        return wanted in found
    if "startswith" in modifiers:
        return found.startswith(wanted)
    return found.endswith(wanted) if "endswith" in modifiers else found == wanted


def _compared(number: float, wanted: float, modifiers: list[str]) -> bool:
    for word, verdict in (
        ("lte", number <= wanted),
        ("gte", number >= wanted),
        ("lt", number < wanted),
        ("gt", number > wanted),
    ):
        if word in modifiers:
            return verdict
    return number == wanted


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(pattern: str, value: Any, *, cased: bool) -> bool:
    """`*` and `?` are wildcards; nothing here is escaped."""
    text = _said(value)
    if not cased:
        pattern, text = pattern.lower(), text.lower()
    return re.match(translate(pattern.replace("[", "[[]")), text) is not None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return float(value) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value, re.ASCII) else None


def _inside(network: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(str(value)) in ipaddress.ip_network(network)
    except ValueError:
        return False


def _part(part: str, value: Any) -> int | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time.isocalendar().week if part == "week" else getattr(time, part)
