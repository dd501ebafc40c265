"""Anchors and facts as people write them: `aware=2026-11-27T10:00:00Z`, `persons_affected=1200`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from agent.errors import LeaklineError
from agent.notice.deadlines import DETECTED
from agent.notice.regimes.model import PRIOR_STAGE, Regime, RegimePack

EVENT = "event"
"""The anchor before which nothing else can be."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Times outside were mistyped: the oldest of the laws is younger, and the calendars of holidays that are known end."""

OCCURRED = "occurred"
"""What people also call it."""


class NotDeclarable(LeaklineError):
    """An anchor or a fact that cannot be; the text says what to write."""


def anchors(
    texts: Sequence[str], pack: RegimePack, regime: Regime | None, zone: ZoneInfo | None
) -> dict[str, datetime]:
    """`NAME=TIME` each, to times in UTC. A time without an offset is in `zone`; without a `regime` there are no prior stages.

    Raises NotDeclarable for a name that the pack does not know, what is no time, two times for one anchor, and times that
    contradict each other.
    """
    found: dict[str, datetime] = {}
    for text in texts:
        name, value = pair(text, "aware=2026-11-27T10:00:00Z")
        name = _known(EVENT if name == OCCURRED else name, pack, regime)
        if name in found:
            raise NotDeclarable(f"{name} is given twice", hint="give each anchor one time")
        found[name] = time_value(name, value, zone)
    check_order(found, regime)
    return found


def facts(texts: Sequence[str], pack: RegimePack) -> dict[str, float | bool]:
    """`NAME=VALUE` each, to a number or a truth value, as the pack asks for it.

    Raises NotDeclarable for a name that no regime of the pack asks for, two values for one fact, and what is no value of it.
    """
    known, found = pack.facts(), dict[str, float | bool]()
    for text in texts:
        name, value = pair(text, "persons_affected=1200")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3) or sorted(known)
            raise NotDeclarable(f"{name[:60]!r} is not a fact", hint=f"write one of {', '.join(near)}")
        if name in found:
            raise NotDeclarable(f"{name} is given twice", hint="give each fact one value")
        found[name] = truth_value(name, value) if known[name] else number_value(name, value)
    return found


def truth_value(name: str, value: str) -> bool:
    """Raises NotDeclarable."""
    if value.lower() not in ("true", "yes", "false", "no"):
        raise NotDeclarable(f"{value[:40]!r} is not a value of {name}", hint="write `true` or `false`")
    return value.lower() in ("true", "yes")


def number_value(name: str, value: str) -> float:
    """From 0 on. Raises NotDeclarable."""
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise NotDeclarable(f"{value[:40]!r} is not a value of {name}", hint="write a number from 0 on")
    return number


def pair(text: str, example: str) -> tuple[str, str]:
    """A name and its value. Raises NotDeclarable."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise NotDeclarable(f"{text[:60]!r} is not NAME=VALUE", hint=f"write it as {example}")
    return name.strip(), value.strip()


def _known(name: str, pack: RegimePack, regime: Regime | None) -> str:
    if name.startswith(PRIOR_STAGE):
        if regime is None:
            hint = "record what was sent with `leakline incidents decide ID --obligation REGIME/OBLIGATION sent`"
            raise NotDeclarable(f"{name[:60]} is not declared", hint=hint)
        stage, ids = name.removeprefix(PRIOR_STAGE), [duty.id for duty in regime.obligations]
        if stage not in ids:
            raise NotDeclarable(f"{regime.id} has no obligation {stage!r}", hint=f"it has {', '.join(ids)}")
        return name
    if name not in pack.anchors:
        near = difflib.get_close_matches(name, pack.anchors, n=3) or sorted(pack.anchors)
        raise NotDeclarable(f"{name[:60]!r} is not an anchor", hint=f"write one of {', '.join(near)}")
    return name


def time_value(name: str, value: str, zone: ZoneInfo | None) -> datetime:
    """In UTC; `name`: what it is the time of. Raises NotDeclarable."""
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None and zone is not None:
            time = time.replace(tzinfo=zone)
        if time.tzinfo is not None:
            return _of_ourtime_value(name, time.astimezone(UTC))
    except (ValueError, OverflowError):
        hint = "write it as 2026-11-27T10:00:00Z or 2026-11-27T11:00:00+01:00"
        raise NotDeclarable(f"{name}: {value[:60]!r} is not a time", hint=hint) from None
    raise NotDeclarable(f"{name}: {value[:60]!r} has no offset from UTC", hint="add `Z` or an offset, or give --zone")


def _of_ourtime_value(name: str, time: datetime) -> datetime:
    """Calendars of holidays, and dates themselves, have an end."""
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        hint = f"write a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise NotDeclarable(f"{name}: nothing is reckoned from the year {time.year}", hint=hint)
    return time


def check_order(found: Mapping[str, datetime], regime: Regime | None = None) -> None:
    """Raises NotDeclarable for anchors before the event, and of a regime for stages that were sent before they began."""
    begin = found.get(EVENT)
    for name, time in found.items():
        if begin is not None and time < begin:
            raise NotDeclarable(
                f"{name} ({time.isoformat()}) is before the event ({begin.isoformat()})", hint="one of the two is wrong"
            )
    for duty in regime.obligations if regime else ():
        sent, anchor = found.get(PRIOR_STAGE + duty.id), found.get(duty.anchor)
        if sent is not None and anchor is not None and sent < anchor and duty.anchor != DETECTED:
            raise NotDeclarable(
                f"{duty.id} was sent ({sent.isoformat()}) before {duty.anchor} ({anchor.isoformat()})",
                hint="one of the two is wrong",
            )
