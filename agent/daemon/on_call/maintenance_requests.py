"""What the control socket may ask about maintenance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.daemon.control.command import ControlCommand
from agent.daemon.on_call.arguments import allowed, duration, minute
from agent.daemon.on_call.on_call_document import maintenance_values
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.maintenance import window
from agent.notice.settings import NoticeSettings


class MaintenanceRequests:
    """Each may be called from any thread."""

    def __init__(self, desk: Callable[[], IncidentDesk]) -> None:
        """`desk`: of the process's shard."""
        self._desk = desk

    def commands(self) -> list[ControlCommand]:
        return [
            ControlCommand("oncall_maintenance", self.maintenance, changes=True),
            ControlCommand("oncall_end_maintenance", self.end_maintenance, changes=True),
        ]

    def maintenance(self, span: str, reason: str, by: str) -> dict[str, Any]:
        """Begin a maintenance window. It holds back no critical incident and no alarm of a deadline."""
        who, why = (
            free_text.name(str(by), "the name of who does it"),
            free_text.text(str(reason), "a reason", option="--reason"),
        )
        length = duration(span)
        with self._desk().changing() as change:
            longest = (self._desk().settings or NoticeSettings()).longest_maintenance
            last = window.stored(self._desk().recall)
            begun = allowed(lambda: window.opened(last, length, longest, reason=why, by=who, now=change.now))
            change.apply({window.WINDOW: window.encode(begun)})
            message = f"maintenance until {minute(begun.ends)}; critical incidents and deadlines alarm as before"
            change.announce(
                "maintenance-begun",
                f"{message}, by {who}",
                about="maintenance",
                by=who,
                data={"begins": begun.begins.isoformat(), "until": begun.ends.isoformat()},
                personal={"reason": why},
                fields={"leakline.maintenance.until": begun.ends},
            )
        return {"message": message, **(maintenance_values(begun, begun.begins) or {})}

    def end_maintenance(self, by: str) -> dict[str, Any]:
        """End the maintenance window before its time."""
        who = free_text.name(str(by), "the name of who does it")
        with self._desk().changing() as change:
            last = window.stored(self._desk().recall)
            after = allowed(lambda: window.ended(last, change.now))
            change.apply({window.WINDOW: window.encode(after)})
            message = "maintenance has ended before its time"
            change.announce(
                "maintenance-ended",
                f"{message}, by {who}",
                about="maintenance",
                by=who,
                data={"begins": after.begins.isoformat(), "until": change.now.isoformat()},
                fields={"leakline.maintenance.until": change.now},
            )
        return {"message": message}
