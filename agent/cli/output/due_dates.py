"""`leakline clocks due`: the deadlines of a regime, reckoned from what is said on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.cli.output.console import out, print_json
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE
from agent.exit_status import FINE
from agent.notice.deadlines import DueDate, Reckoning
from agent.notice.declared import NotDeclarable, anchors, facts
from agent.notice.regimes.model import Regime, RegimePack
from agent.notice.regimes.pack import shipped


def show(
    regime_id: str, anchor: Sequence[str], fact: Sequence[str], role: str | None, zone: str | None, *, as_json: bool
) -> int:
    """The exit status. Raises NotDeclarable, UnknownCalendar for what cannot be reckoned with."""
    pack = shipped().pack
    regime = _regime(regime_id, pack)
    if role is not None and role not in regime.all_roles:
        raise NotDeclarable(f"{regime.id} does not bind {role!r}; write one of {', '.join(regime.all_roles)}")
    place = _zone(zone) if zone is not None else None
    known = anchors(anchor, pack, regime, place)
    found = Reckoning(pack, zone).due_dates(regime, known, facts(fact, pack), role=role)
    needed = [date for date in found if date.applies]
    if as_json:
        print_json([document(date) for date in needed])
    else:
        _print(regime, pack, needed, [date for date in found if not date.applies])
    return FINE


def document(date: DueDate) -> Mapping[str, Any]:
    """A deadline as JSON; times are text (ISO 8601, UTC)."""
    return {
        "obligation": date.obligation,
        "recipient": date.recipient,
        "mode": date.mode,
        "anchor": date.anchor,
        "anchored_at": _text(date.anchored_at),
        "due_exclusive": _text(date.due_exclusive),
        "policy": date.policy,
        "basis": date.basis,
        "stage": date.stage,
        "zone": date.zone,
        "shadow": date.shadow,
        "later_readings": [
            {"mode": later.mode, "due_exclusive": _text(later.due_exclusive)} for later in date.later_readings
        ],
    }


def _print(regime: Regime, pack: RegimePack, needed: Sequence[DueDate], left_out: Sequence[DueDate]) -> None:
    out.print(f"{regime.name} ({regime.instrument}), pack {pack.pack.version}", markup=False)
    if not regime.in_force(datetime.now(UTC).date()):
        since = f" before {regime.effective_from}" if regime.effective_from and regime.status != "pending" else ""
        out.print(f"It is not in force{since}.", markup=False)
    for date in needed:
        _print_one(date)
    for date in left_out:
        out.print(f"{date.obligation} need not be met: {date.basis}", markup=False)
    out.print(f"\n{NOT_ADVICE}")


def _print_one(date: DueDate) -> None:
    """An obligation in a few lines: who, until when, why."""
    shadow = ", shadow" if date.shadow else ""
    until = _local(date.due_exclusive, date.zone) if date.due_exclusive else "no deadline yet"
    out.print(f"\n{date.obligation}{shadow}: {until}", style="bold", markup=False)
    out.print(f"  to {date.recipient}; {date.mode} from {date.anchor}", markup=False, soft_wrap=True)
    out.print(f"  {date.basis}", markup=False, soft_wrap=True)
    for later in date.later_readings:
        out.print(f"  a later reading ({later.mode}): {_local(later.due_exclusive, date.zone)}", markup=False)


def _local(time: datetime, zone: str) -> str:
    return f"before {time.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def _text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time is not None else None


def _regime(id_: str, pack: RegimePack) -> Regime:
    regime = pack.regime(id_)
    if regime is None:
        near = difflib.get_close_matches(id_, [known.id for known in pack.regimes], n=3)
        known = " or ".join(near) if near else "one of `leakline regimes list`"
        raise NotDeclarable(f"{id_[:60]!r} is not a regime; write {known}")
    return regime


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise NotDeclarable(f"{name[:60]!r} is not a time zone; write one such as Europe/Berlin") from None
