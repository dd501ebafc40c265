"""Notices of one shard as requests find them: what each is about, the latest version, and how it would be now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.daemon.incidents.incident_list import clocks_of
from agent.errors import LeaklineError
from agent.notice.clock import Clock
from agent.notice.drafts.catalogue import NoticeForm, form_of
from agent.notice.drafts.drafting import drafted
from agent.notice.drafts.known import NoticeSubject
from agent.notice.drafts.notice import (
    NOTICE,
    DamagedNotice,
    Notice,
    NoticeVersion,
    encode,
    encode_version,
    stored_notice,
    stored_version,
    version_key,
)
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.changes.settling import obligation_named
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


@dataclass(frozen=True, slots=True)
class FoundNotice:
    """A notice with what it is about."""

    form: NoticeForm
    subject: NoticeSubject
    latest: NoticeVersion | None
    earlier: NoticeVersion | None
    """Where there is none yet: the latest of an incident that was merged into this one."""

    @property
    def notice(self) -> Notice:
        return self.subject.notice

    def with_notice(self, notice: Notice) -> FoundNotice:
        return replace(self, subject=replace(self.subject, notice=notice))

    def now(self, now: datetime) -> NoticeVersion:
        """As a version of now would be, with nothing said by a person since the latest."""
        return drafted(self.form, self.subject, self.latest or self.earlier, now)


def found_notice(
    desk: IncidentDesk, incident: Incident, clock: Clock, clocks: Sequence[Clock], pack: RegimePack
) -> FoundNotice:
    """Raises LeaklineError for one that is damaged."""
    settings = desk.settings or NoticeSettings()
    try:
        notice = stored_notice(desk.recall, incident.id, clock.id)
        latest = stored_version(desk.recall, notice, notice.latest) if notice.latest else None
        earlier = _of_merged(desk, incident, clock.id) if latest is None else None
    except DamagedNotice as error:
        raise LeaklineError(str(error), hint="restore the state from a backup; the trail has its digest") from error
    form = form_of(clock.regime, clock.obligation, clock.recipient, pack)
    subject = NoticeSubject(incident, clock, clocks, settings.organisation, settings.roles, notice)
    return FoundNotice(form, subject, latest, earlier)


def clock_named(desk: IncidentDesk, incident: Incident, obligation: str, pack: RegimePack) -> tuple[Clock, list[Clock]]:
    """The clock that is meant, and all of the incident. Raises NotAllowed for what the incident does not owe."""
    clocks = clocks_of(desk, incident.id)
    named = obligation_named(str(obligation), clocks, pack)
    clock = next((clock for clock in clocks if clock.id == named), None)
    if clock is None:
        own = ", ".join(clock.id for clock in clocks) or "none, for no clock runs yet"
        raise NotAllowed(f"{incident.id} has no clock of {named}", hint=f"its obligations are: {own}")
    return clock, clocks


def stored(notice: Notice, version: NoticeVersion | None = None) -> dict[str, bytes | None]:
    """What is to be stored, by key under `keys.RESPONSE`; `version`: a new one, the notice's latest."""
    changes: dict[str, bytes | None] = {NOTICE + notice.key: encode(notice)}
    if version is not None:
        changes[version_key(notice, version.number)] = encode_version(version)
    return changes


def version_of(desk: IncidentDesk, found: FoundNotice, number: int) -> NoticeVersion:
    """A stored one; 0: the latest. Raises LeaklineError for one that is not there, or damaged."""
    notice = found.notice
    if found.latest is None:
        hint = f"`leakline notices draft {notice.incident} {notice.obligation}` makes the first one"
        raise NotAllowed(f"there is no draft of {notice.obligation} for {notice.incident}", hint=hint)
    if number in (0, notice.latest):
        return found.latest
    if not 0 < number < notice.latest:
        raise NotAllowed(f"there is no version {number}", hint=f"versions are 1 to {notice.latest}")
    try:
        return stored_version(desk.recall, notice, number)
    except DamagedNotice as error:
        raise LeaklineError(str(error), hint="restore the state from a backup; the trail has its digest") from error


def _of_merged(desk: IncidentDesk, incident: Incident, obligation: str) -> NoticeVersion | None:
    for number in incident.merged_from:
        notice = stored_notice(desk.recall, number, obligation)
        if notice.latest:
            return stored_version(desk.recall, notice, notice.latest)
    return None
