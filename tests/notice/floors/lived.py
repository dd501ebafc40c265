"""A critical incident of accepted settings in a real state: who is told by when, while nobody does anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from agent.notice.escalation.alarms import alarm_times
from agent.notice.escalation.keeper import Surroundings
from agent.notice.escalation.shard_escalations import ShardEscalations
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.settings import NoticeSettings
from tests.notice.escalation.called import CalledLife
from tests.notice.floors.law import demands

MINUTE = timedelta(minutes=1)


class RosterLife(CalledLife):
    """With whom the settings have on call."""

    def start(self) -> None:
        super().start()
        assert self.settings is not None
        roster = OnCallRoster(self.settings.people, self.settings.on_call)
        self.escalations = ShardEscalations(self.desk, self.book, Surroundings(self.settings, roster, self.lateness))


def untold(works: NoticeSettings, detected: datetime, folder: Path) -> Iterator[str]:
    """What nobody was told of in time. `works`: settings with people."""
    strict = [
        demand
        for demand in demands(works.jurisdictions, works.roles, works.sectors, detected.date())
        if demand.is_strict
    ]
    if not strict:
        return
    life = RosterLife(folder, works, detected)
    alarmed: dict[str, datetime] = {}
    try:
        life.open(level="critical")
        life.look()
        for at in sorted({detected + MINUTE, *_alarms(life, works)}):
            life.pass_to(at)
            alarmed = {**{clock: at for clock, mark in life.escalation().alarms.items() if mark.told}, **alarmed}
        first = min(message.created_at for message in life.messages("escalation"))
        assert {person for message in life.messages("alarm") for person in message.target.people}
        for demand in strict:
            latest = demand.end(**dict.fromkeys(demand.anchors, detected))
            if latest is not None and not first < latest:
                yield f"{demand.id}: nobody was told before {latest}"
            if latest is not None and not alarmed.get(demand.id, latest) < latest:
                yield f"{demand.id}: no alarm before {latest}"
    finally:
        life.close()


def _alarms(life: RosterLife, works: NoticeSettings) -> list[datetime]:
    """The first of each clock, a minute late: the daemon looks no more seldom."""
    clocks = life.all_clocks().values()
    return [times[0] + MINUTE for clock in clocks if (times := alarm_times(clock, life.now, works.alarms))]
