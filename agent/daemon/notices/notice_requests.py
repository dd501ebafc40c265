"""What the control socket may ask about notices; a command that finds no daemon makes the same requests of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from agent.daemon.control.command import ControlCommand
from agent.daemon.incidents.incident_edit import Editing, IncidentEdits
from agent.daemon.incidents.settling_edit import settling_edit
from agent.daemon.notices.notice_desk import FoundNotice, clock_named, found_notice, stored, version_of
from agent.daemon.notices.notice_list import notice_rows
from agent.daemon.notices.notice_view import event_fields, notice_view
from agent.daemon.notices.submitting import submit
from agent.errors import LeaklineError
from agent.notice.drafts.drafting import Wish, check_wish, drafted, signed
from agent.notice.drafts.notice import Notice, NoticeVersion
from agent.notice.incidents.changes.refusal import require_whole
from agent.notice.incidents.changes.settling import Statement
from agent.notice.incidents.incident import Incident

PREFIX = "notices_"
REQUESTS = tuple(PREFIX + name for name in ("list", "show", "draft", "sign", "sent", "not_applicable"))

MOST_ROWS = 1_000
"""Of one answer."""

Make = Callable[[Editing, Incident, FoundNotice], tuple[Notice, NoticeVersion, str]]
"""The notice as it is stored, the version that is shown, and what was done."""


class NoticeRequests:
    """Each may be called from any thread."""

    def __init__(self, edits: IncidentEdits, now: Callable[[], datetime]) -> None:
        """`edits`: those of `IncidentRequests`."""
        self._edits = edits
        self._now = now

    def commands(self) -> list[ControlCommand]:
        return [
            ControlCommand("notices_list", self.list, changes=False),
            ControlCommand("notices_show", self.show, changes=False),
            ControlCommand("notices_draft", self.draft, changes=True),
            ControlCommand("notices_sign", self.sign, changes=True),
            ControlCommand("notices_sent", self.sent, changes=True),
            ControlCommand("notices_not_applicable", self.not_applicable, changes=True),
        ]

    def list(self, limit: int = 100) -> dict[str, Any]:
        """All obligations that have a clock, with how far their notices are."""
        if not isinstance(limit, int) or limit < 1:
            raise LeaklineError("a limit is a number from 1 on")
        return notice_rows(self._edits.finder.desks, self._edits.pack(), self._now(), min(limit, MOST_ROWS))

    def show(self, number: str, obligation: str, version: int = 0) -> dict[str, Any]:
        """A version of a notice; where nobody has drafted one, as it would be now."""
        desk, incident = self._edits.finder.incident(number)
        clock, clocks = clock_named(desk, incident, obligation, self._edits.pack())
        found, now = found_notice(desk, incident, clock, clocks, self._edits.pack()), self._now()
        is_preview = found.latest is None and not version
        shown = found.now(now) if is_preview else version_of(desk, found, int(version))
        return notice_view(desk.shard, found, shown, now)

    def draft(
        self,
        number: str,
        obligation: str,
        by: str,
        values: Mapping[str, str] | None = None,
        follow_up: bool = False,
        withdraw: bool = False,
    ) -> dict[str, Any]:
        """Make a new version of a notice from what is known now and what people wrote."""
        wish = Wish(_texts(values or {}), bool(follow_up), bool(withdraw))

        def make(editing: Editing, incident: Incident, found: FoundNotice) -> tuple[Notice, NoticeVersion, str]:
            require_whole(incident)
            check_wish(found.notice, found.latest, wish)
            before, next_number = found.latest or found.earlier, found.notice.latest + 1
            version = drafted(
                found.form, found.subject, before, editing.now, by=editing.by, wish=wish, number=next_number
            )
            notice = replace(found.notice, digests=(*found.notice.digests, version.digest))
            editing.change.apply(stored(notice, version))
            written = {entry.id: entry.text for entry in version.entries if entry.id in wish.values}
            data = {
                **_data(version),
                "missing": [entry.id for entry in version.missing],
                "written": sorted(wish.values),
            }
            _tell(editing, incident, "notice-drafted", version, notice.state, "is drafted", data, {"written": written})
            return notice, version, f"{_named(version)} is drafted"

        return self._change(number, obligation, by, make)

    def sign(self, number: str, obligation: str, by: str, version: int = 0) -> dict[str, Any]:
        """Sign a version off: it counts for this version alone."""

        def make(editing: Editing, incident: Incident, found: FoundNotice) -> tuple[Notice, NoticeVersion, str]:
            require_whole(incident)
            chosen = version_of(editing.desk, found, int(version))
            notice = signed(found.notice, chosen, editing.by, editing.now)
            editing.change.apply(stored(notice))
            _tell(editing, incident, "notice-signed", chosen, notice.state, "is signed", _data(chosen), {})
            return notice, chosen, f"{_named(chosen)} is signed by {editing.by}"

        return self._change(number, obligation, by, make, critical=True)

    def sent(
        self,
        number: str,
        obligation: str,
        by: str,
        receipt: str = "",
        at: str = "",
        zone: str = "",
        version: int = 0,
        channel: str = "",
        reason: str = "",
    ) -> dict[str, Any]:
        """Record that a version was sent, with what the recipient gave in return; its clock ends by that."""
        texts = {"receipt": str(receipt), "at": str(at), "zone": str(zone), "channel": str(channel)}

        def make(editing: Editing, incident: Incident, found: FoundNotice) -> tuple[Notice, NoticeVersion, str]:
            chosen = version_of(editing.desk, found, int(version))
            sending = submit(editing, incident, found, chosen, reason=str(reason), pack=self._edits.pack(), **texts)
            editing.change.apply(stored(sending.notice))
            state = sending.notice.state
            _tell(
                editing, sending.incident, "notice-submitted", chosen, state, "was sent", sending.data, sending.personal
            )
            return sending.notice, chosen, f"{_named(chosen)} is recorded as sent{sending.said}"

        return self._change(number, obligation, by, make, critical=True)

    def not_applicable(self, number: str, obligation: str, by: str, reason: str, approver: str) -> dict[str, Any]:
        """Decide that a notice need not be sent."""
        statement = Statement("not-applicable", None, "", str(reason), str(approver))
        pack = self._edits.pack()
        return self._edits.edit(
            number,
            by,
            lambda editing, before: settling_edit(editing, before, obligation, statement, pack),
            critical=True,
        )

    def _change(self, number: str, obligation: str, by: str, make: Make, *, critical: bool = False) -> dict[str, Any]:
        """All of it in one transaction; the notice as `show` has it, with `message`: what was done."""
        desk, id_ = self._edits.finder.find(number)
        shown: dict[str, Any] = {}

        def change(editing: Editing) -> tuple[Incident, str]:
            incident, pack = editing.incident(id_), self._edits.pack()
            clock, clocks = clock_named(desk, incident, obligation, pack)
            found = found_notice(desk, incident, clock, clocks, pack)
            notice, version, said = make(editing, incident, found)
            shown.update(notice_view(desk.shard, found.with_notice(notice), version, editing.now))
            return editing.incident(id_), said

        done = self._edits.edit_all(desk, by, change, critical=critical)
        return {"message": done["message"], **shown}


def _texts(values: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(values, Mapping) or not all(isinstance(text, str) for pair in values.items() for text in pair):
        raise LeaklineError("fields are names with a text each", hint="write them as --set FIELD=VALUE")
    return dict(values)


def _named(version: NoticeVersion) -> str:
    kind = "follow-up, " if version.kind == "follow-up" else ""
    return f"version {version.number} ({kind}{version.completeness}) of {version.obligation} for {version.incident}"


def _data(version: NoticeVersion) -> dict[str, Any]:
    """What a record says of a version."""
    return {
        "obligation": version.obligation,
        "version": version.number,
        "kind": version.kind,
        "completeness": version.completeness,
        "digest": version.digest,
    }


def _tell(
    editing: Editing,
    incident: Incident,
    action: str,
    version: NoticeVersion,
    state: str,
    done: str,
    data: Mapping[str, Any],
    personal: Mapping[str, Any],
) -> None:
    message = f"{_named(version)} {done}"
    further = event_fields(version, state)
    editing.change.tell(incident, action, message, by=editing.by, data=data, personal=personal, further=further)
