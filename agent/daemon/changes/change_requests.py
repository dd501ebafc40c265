"""What may be asked about changes of settings over the control socket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agent.changes.change import SettingsChange, document
from agent.daemon.changes.change_desk import ChangeDesk
from agent.daemon.changes.proposal import Proposal
from agent.daemon.control.command import ControlCommand
from agent.duration import parse_duration
from agent.errors import LeaklineError
from agent.permissions.principal import Principal

BREAK_GLASS_FOR = timedelta(hours=4)
"""Where no time is given."""
MOST_LISTED = 500


class ChangeRequests:
    """Each may be called from any thread. `caller` is filled in by the gate."""

    def __init__(self, desk: ChangeDesk) -> None:
        self._desk = desk

    def commands(self) -> list[ControlCommand]:
        """All that may be asked."""
        return [
            ControlCommand("changes_list", self.list, changes=False),
            ControlCommand("changes_show", self.show, changes=False),
            ControlCommand("changes_propose", self.propose, changes=True),
            ControlCommand("changes_withdraw", self.withdraw, changes=True),
            ControlCommand("changes_break_glass", self.break_glass, changes=True),
            ControlCommand("changes_end_break_glass", self.end_break_glass, changes=True),
            ControlCommand("changes_approve", self.approve, changes=True),
            ControlCommand("changes_reject", self.reject, changes=True),
        ]

    def list(self, everything: bool = False) -> list[dict[str, Any]]:
        """Open changes and those in force for a time, the newest first; all on demand."""
        known = self._desk.changes()[::-1]
        shown = [change for change in known if everything or not change.is_settled or _runs_out(change)]
        return [self._shown(change) for change in shown[:MOST_LISTED]]

    def show(self, number: str) -> dict[str, Any]:
        """One change with its differences and votes, and the settings that it leads to."""
        change = self._desk.change(number)
        return {**self._shown(change), "settings": self._desk.document(change)}

    def propose(
        self, caller: Principal, settings: Mapping[str, Any], reason: str, ticket: str = "", lasts: str = ""
    ) -> dict[str, Any]:
        """Propose other governed settings. `settings`: whole, as plain values; `lasts`: for how long, such as `7d`."""
        proposal = Proposal(_plain(settings), str(reason), str(ticket), _span(lasts))
        return self._shown(self._desk.propose(caller, proposal))

    def break_glass(
        self, caller: Principal, settings: Mapping[str, Any], reason: str, ticket: str = "", lasts: str = ""
    ) -> dict[str, Any]:
        """Put other governed settings in force at once, without approval, for a time; everybody is notified of it."""
        span = _span(lasts) or BREAK_GLASS_FOR
        proposal = Proposal(_plain(settings), str(reason), str(ticket), span, "break-glass")
        return self._shown(self._desk.propose(caller, proposal))

    def end_break_glass(self, caller: Principal, number: str) -> dict[str, Any]:
        """End it before its time: the settings before it are in force again."""
        return self._shown(self._desk.end(caller, number))

    def withdraw(self, caller: Principal, number: str) -> dict[str, Any]:
        """Take back one's own proposal."""
        return self._shown(self._desk.withdraw(caller, number))

    def approve(self, caller: Principal, number: str, outcome: str, reason: str = "") -> dict[str, Any]:
        """Vote for a change. `outcome`: the digest of the settings that were looked at, as `show` has it."""
        return self._shown(self._desk.vote(caller, number, str(outcome), approves=True, reason=str(reason)))

    def reject(self, caller: Principal, number: str, outcome: str, reason: str = "") -> dict[str, Any]:
        """Vote against a change, which ends it."""
        return self._shown(self._desk.vote(caller, number, str(outcome), approves=False, reason=str(reason)))

    def _shown(self, change: SettingsChange) -> dict[str, Any]:
        stand = self._desk.standing(change)
        return {**document(change), "approved_by": list(stand.approved_by), "missing": stand.missing}


def _runs_out(change: SettingsChange) -> bool:
    return change.state == "applied" and change.reverts_at is not None


def _plain(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises LeaklineError for what is no document of settings."""
    destinations = settings.get("destinations", []) if isinstance(settings, Mapping) else None
    if not isinstance(destinations, list) or not all(
        isinstance(entry, Mapping) and isinstance(entry.get("name"), str) for entry in destinations
    ):
        raise LeaklineError("settings are a mapping, and each of its destinations has a name")
    return settings


def _span(text: str) -> timedelta | None:
    """Raises LeaklineError."""
    if not text:
        return None
    try:
        span: timedelta = parse_duration(str(text))
    except ValueError as error:
        raise LeaklineError(str(error)) from error
    return span
