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

OCCURRED = "occurred"
"""What people also call it."""


class NotDeclarable(LeaklineError):
    """An anchor or a fact that cannot be; the text says what to write."""


def anchors(texts: Sequence[str], pack: RegimePack, regime: Regime, zone: ZoneInfo | None) -> dict[str, datetime]:
    """`NAME=TIME` each, to times in UTC. A time without an offset is in `zone`.

    Raises NotDeclarable for a name that the pack does not know, what is no time, two times for one anchor, and times that
    contradict each other.
    """
    found: dict[str, datetime] = {}
    for text in texts:
        name, value = _pair(text, "aware=2026-11-27T10:00:00Z")
        name = _known(EVENT if name == OCCURRED else name, pack, regime)
        if name in found:
            raise NotDeclarable(f"{name} is given twice", hint="give each anchor one time")
        found[name] = _time(name, value, zone)
    _check_order(found, regime)
    return found


def facts(texts: Sequence[str]) -> dict[str, float | bool]:
    """`NAME=VALUE` each, to a number or a truth value. Raises NotDeclarable."""
    found: dict[str, float | bool] = {}
    for text in texts:
        name, value = _pair(text, "persons_affected=1200")
        if value.lower() in ("true", "yes", "false", "no"):
            found[name] = value.lower() in ("true", "yes")
            continue
        try:
            number = float(value)
        except ValueError:
            number = -1
        if not 0 <= number < float("inf"):
            raise NotDeclarable(f"{value[:40]!r} is not a value of {name}", hint="write a number, `true` or `false`")
        found[name] = number
    return found


def _pair(text: str, example: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise NotDeclarable(f"{text[:60]!r} is not NAME=VALUE", hint=f"write it as {example}")
    return name.strip(), value.strip()


def _known(name: str, pack: RegimePack, regime: Regime) -> str:
    if name.startswith(PRIOR_STAGE):
        stage, ids = name.removeprefix(PRIOR_STAGE), [duty.id for duty in regime.obligations]
        if stage not in ids:
            raise NotDeclarable(f"{regime.id} has no obligation {stage!r}", hint=f"it has {', '.join(ids)}")
        return name
    if name not in pack.anchors:
        near = difflib.get_close_matches(name, pack.anchors, n=3) or sorted(pack.anchors)
        raise NotDeclarable(f"{name[:60]!r} is not an anchor", hint=f"write one of {', '.join(near)}")
    return name


def _time(name: str, value: str, zone: ZoneInfo | None) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None and zone is not None:
            time = time.replace(tzinfo=zone)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "write it as 2026-11-27T10:00:00Z or 2026-11-27T11:00:00+01:00"
        raise NotDeclarable(f"{name}: {value[:60]!r} is not a time", hint=hint) from None
    raise NotDeclarable(f"{name}: {value[:60]!r} has no offset from UTC", hint="add `Z` or an offset, or give --zone")


def _check_order(found: Mapping[str, datetime], regime: Regime) -> None:
    begin = found.get(EVENT)
    for name, time in found.items():
        if begin is not None and time < begin:
            raise NotDeclarable(
                f"{name} ({time.isoformat()}) is before the event ({begin.isoformat()})", hint="one of the two is wrong"
            )
    for duty in regime.obligations:
        sent, anchor = found.get(PRIOR_STAGE + duty.id), found.get(duty.anchor)
        if sent is not None and anchor is not None and sent < anchor and duty.anchor != DETECTED:
            raise NotDeclarable(
                f"{duty.id} was sent ({sent.isoformat()}) before {duty.anchor} ({anchor.isoformat()})",
                hint="one of the two is wrong",
            )
