"""What of notices runs in the daemon: the loop of clocks, the pack of regimes in force, and what may be asked about both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from agent.assembly.node import Node
from agent.assembly.notice.pack_choice import pack_hold
from agent.daemon.changes.change_parts import ChangeParts
from agent.daemon.control.command import ControlCommand
from agent.daemon.incidents.handling_requests import HandlingRequests
from agent.daemon.incidents.incident_requests import JUDGING, IncidentRequests
from agent.daemon.notice.clock_loop import ClockLoop, NoticeBasis
from agent.daemon.notice.clock_requests import ClockRequests
from agent.daemon.notice.link_parts import LinkParts, build_link_parts
from agent.daemon.notice.notice_gauges import NoticeGauges
from agent.daemon.notice.telling_parts import TellingParts, build_telling_parts
from agent.daemon.notices.notice_requests import NoticeRequests
from agent.daemon.on_call.maintenance_end import end_outdated
from agent.daemon.on_call.on_call_parts import build_roster
from agent.daemon.on_call.on_call_requests import OnCallRequests
from agent.daemon.sending.read_back_loops import read_back_loops
from agent.daemon.turns.incident_loop import LoopParts
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.regimes.in_force import PackInForce
from agent.store.keys import PROCESS
from agent.store.state import State


@dataclass(frozen=True)
class NoticeParts:
    """Of one daemon."""

    clocks: ClockLoop
    basis: NoticeBasis
    commands: Sequence[ControlCommand]
    gauges: NoticeGauges
    roster: OnCallRoster
    telling: TellingParts
    links: LinkParts
    loops: Mapping[str, Callable[[], None]]
    """What the daemon's threads run, by name."""
    end_maintenance: Callable[[], object]
    """Records the end of a maintenance window that has run out; to be called now and then."""


def build_notice_parts(
    node: Node,
    states: Callable[[], Mapping[str, State]],
    entered: Callable[[str], AbstractContextManager[bool]],
    stop: threading.Event,
    now: Callable[[], datetime],
    soon: Callable[[], None],
    changes: ChangeParts,
) -> NoticeParts:
    """Nothing is looked at yet; the pack in force is read. `states`: by the shard's name; `soon`: a checkpoint is to follow; `changes`: who may do
    what, and what waits for approval.
    """
    parts = LoopParts(node.directory, lambda: node.shards, entered, stop, now, soon=soon)
    loop = ClockLoop(parts)
    process = node.shards[PROCESS]
    holds = pack_hold(node.settings, changes.packs.is_approved)
    packs = PackInForce(process.stores.state, process.stores.problems, holds=holds)
    basis = NoticeBasis(loop, packs, node.notice, changes.packs.note)
    basis.load(now())

    def desks() -> Mapping[str, IncidentDesk]:
        return {name: shard.desk for name, shard in node.shards.items()}

    incidents = IncidentRequests(
        desks,
        now,
        lambda: basis.pack,
        soon,
        entered,
        lambda: node.settings.permissions is not None,
        lambda name: changes.gate.still_may(name, JUDGING),
    )
    notices = NoticeRequests(incidents.edits, now)
    gauges = NoticeGauges(states, lambda: {name: shard.incidents for name, shard in node.shards.items()}, now)
    roster = build_roster(node.notice, process.desk.recall, lambda: process.incidents.changes, process.stores.problems)
    if roster.calendar is not None:
        roster.calendar.begin(now())
    on_call = OnCallRequests(lambda: process.desk, roster, now)
    commands = [*ClockRequests(states, now).commands(), *incidents.commands(), *notices.commands(), *on_call.commands()]
    public_url = node.settings.inbound.public_url if node.settings.inbound is not None else None
    links = build_link_parts(node.notice, public_url, lambda: process.desk, incidents.edits, now, changes.gate)
    telling = build_telling_parts(node, roster, parts, links.links)
    read_back = read_back_loops(node.notice, desks, HandlingRequests(incidents.edits).acknowledge, stop)
    return NoticeParts(
        loop,
        basis,
        commands,
        gauges,
        roster,
        telling,
        links,
        {"clocks": loop.run, **telling.loops, **{name: back.run for name, back in read_back.items()}},
        lambda: end_outdated(process.desk, now),
    )
