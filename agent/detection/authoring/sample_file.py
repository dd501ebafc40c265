"""A file of samples to what it holds; what is wrong with it is one finding with its line.

What it may hold stands in `samples`. A key that nothing reads is refused: a sample that says something else than its
author believes is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.detection.sigma import document
from agent.detection.sigma.document import Document
from agent.errors import RuleError
from agent.model import Finding

KINDS = ("match", "miss", "innocent")
"""Lists of a file of samples. A rule must have the first two to pass; what is shipped has all three."""

SAMPLE_KEYS = ("about", "event", "events", "until", "service")
EVENT_KEYS = ("event", "at", "repeat", "every", "service")

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One event and whether the rule must match it."""

    about: str
    event: Mapping[str, object]
    match: bool
    events: Sequence[Mapping[str, Any]] = ()
    """What happens, for a correlation or a baseline."""
    until: timedelta | None = None
    """How long after the beginning somebody looks, if that is later than the last event."""
    service: str | None = None
    """Of which log source the one event is, where the rule is for all of them."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A rule's sample file."""

    path: Path
    samples: Sequence[Sample] = ()
    placeholders: Mapping[str, Sequence[str]] | None = None


def read(path: Path) -> Samples | Finding:
    """Nothing is in a file that is not there."""
    if not path.exists():
        return Samples(path)
    try:
        found = [_whole(document_or_error) for document_or_error in document.read(path)]
        if len(found) > 1:
            raise RuleError(
                path, 1, "there are several documents", hint="write the samples of one file of rules into one document"
            )
        data = found[0].data if found else {}
        samples = [sample for read in found for kind in KINDS for sample in _samples(read, kind)]
    except RuleError as error:
        reason = f"is not a file of samples: {error.reason}"
        return Finding(path.name, ok=False, message=reason, fix=error.hint, path=str(path), line=error.line)
    return Samples(path, samples, data.get("placeholders"))


def duration(text: str) -> timedelta:
    """`90s`, `10m`, `2h`, `1d`, and any number that Python takes: `-5m` is before the others. No reader of settings would
    do. Raises KeyError, ValueError, OverflowError.
    """
    return timedelta(**{UNITS[text[-1]]: float(text[:-1])})


def _whole(found: Document | RuleError) -> Document:
    if isinstance(found, RuleError):
        if found.reason == "is not a rule":
            raise RuleError(found.path, found.line, "it is not a mapping", hint=f"write {', '.join(KINDS)}")
        raise found
    _known(found, found.data, (*KINDS, "placeholders"), ())
    named = found.data.get("placeholders") or {}
    if not isinstance(named, dict) or not all(isinstance(values, list) for values in named.values()):
        raise found.error(
            "`placeholders` is not a mapping of lists", "placeholders", hint="write them as NAME: [value, value]"
        )
    return found


Where = tuple[str | int, ...]


def _samples(found: Document, kind: str) -> Iterator[Sample]:
    listed = found.data.get(kind) or []
    if not isinstance(listed, list):
        raise found.error(f"`{kind}` is not a list", kind, hint="begin each sample with `- about:`")
    for number, entry in enumerate(listed):
        where: Where = (kind, number)
        if not isinstance(entry, dict) or "about" not in entry or ("event" in entry) is ("events" in entry):
            hint = "write `about`, and either `event` or `events`"
            raise found.error("this is not a sample", *where, hint=hint)
        _known(found, entry, SAMPLE_KEYS if "event" in entry else SAMPLE_KEYS[:-1], where)
        until = _span(found, entry, "until", where) if "until" in entry else None
        if "event" in entry:
            _event(found, entry, where)
        else:
            _sequence(found, entry["events"], (*where, "events"))
        yield Sample(
            str(entry["about"]),
            entry.get("event", {}),
            kind == "match",
            entry.get("events", ()),
            until,
            entry.get("service"),
        )


def _sequence(found: Document, events: object, where: Where) -> None:
    if not isinstance(events, list) or not events:
        raise found.error("`events` is empty or not a list", *where, hint="begin each event with `- event:`")
    for number, step in enumerate(events):
        here = (*where, number)
        if not isinstance(step, dict):
            raise found.error("this is not an event of a sequence", *here, hint="begin it with `- event:`")
        _known(found, step, EVENT_KEYS, here)
        _event(found, step, here)
        for key in ("at", "every"):
            _span(found, step, key, here)
        times = step.get("repeat", 1)
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            raise found.error(f"{times!r} is not a number of repetitions", *here, "repeat", hint="write a whole number")


def _event(found: Document, entry: Mapping[str, object], where: Where) -> None:
    if not isinstance(entry.get("event"), dict):
        raise found.error("`event` is not a mapping", *where, "event", hint="write it as {FIELD: value}")


def _span(found: Document, entry: Mapping[str, object], key: str, where: Where) -> timedelta:
    value = entry.get(key, "0s")
    try:
        return duration(str(value))
    except (IndexError, KeyError, OverflowError, ValueError):
        hint = "write a number with s, m, h or d"
        raise found.error(f"{value!r} is not a span of time", *where, key, hint=hint) from None


def _known(found: Document, data: Mapping[Any, object], known: Sequence[str], where: Where) -> None:
    for key in data:
        if key not in known:
            raise found.error(f"there is no key `{key}`", *where, str(key), hint=f"write one of {', '.join(known)}")
