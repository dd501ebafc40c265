"""What tells people: escalation, a sender for each channel, canaries and the heartbeat. Each is a loop of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.assembly.node import Node
from agent.assembly.notice.channels import build_channel
from agent.daemon.escalation.escalation_loop import EscalationLoop
from agent.daemon.sending.canary_loop import CanaryLoop
from agent.daemon.sending.channel_health import ChannelHealth, deaf, end_of_unknown
from agent.daemon.sending.channel_sender import ChannelSender
from agent.daemon.sending.heartbeat_loop import HeartbeatLoop
from agent.daemon.turns.incident_loop import LoopParts
from agent.name import DRILLS
from agent.notice.escalation.audit import behind
from agent.notice.maintenance.window import open_until
from agent.notice.messages.message import Message
from agent.notice.messages.outbox import waiting
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.settings import NoticeSettings
from agent.own_event import EventValue
from agent.status.telling import ChannelStatus, TellingStatus
from agent.store.keys import PROCESS


@dataclass(frozen=True)
class TellingParts:
    """Of one daemon; empty where the settings name nobody to tell."""

    node: Node | None = None
    escalation: EscalationLoop | None = None
    senders: Sequence[ChannelSender] = ()
    health: Sequence[ChannelHealth] = ()
    heartbeat: HeartbeatLoop | None = None
    canary: CanaryLoop | None = None
    loops: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    """What the daemon's threads run, by name."""

    def status(self) -> TellingStatus | None:
        """None where nobody is told. Raises StateError."""
        if self.node is None or not self.loops:
            return None
        settings = self.node.notice
        states = [shard.desk.recall for shard in list(self.node.shards.values())]
        channels = [
            ChannelStatus(
                channel.name,
                channel.type,
                sum(1 for recall in states for _ in waiting(recall, channel.name)),
                known.state.accepted_at,
                known.state.failing_since,
                known.state.reason,
            )
            for channel, known in zip(settings.channels if settings else (), self.health, strict=True)
        ]
        heartbeat = self.heartbeat.sent_at if self.heartbeat is not None else None
        return TellingStatus(channels, heartbeat, self.canary.newest if self.canary is not None else None)


def build_telling_parts(
    node: Node,
    roster: OnCallRoster,
    parts: LoopParts,
    links: Callable[[Message], str] = lambda _: "",
) -> TellingParts:
    """Nobody is told anything yet. `links`: where a message leads."""
    settings = node.notice
    if settings is None or not (settings.people or settings.channels or settings.heartbeat):
        return TellingParts()
    process = node.shards[PROCESS]
    problems = process.stores.problems
    end_of_unknown(problems, [channel.name for channel in settings.channels])
    now, stop = parts.now, parts.stop
    escalation = EscalationLoop(
        parts, settings, roster, lambda at: open_until(process.desk.recall, at), node.current_drill
    )
    health = [
        ChannelHealth(channel.name, settings, roster, lambda: process.desk, problems, now)
        for channel in settings.channels
    ]

    def announce(action: str, said: str, fields: Mapping[str, EventValue], is_drill: bool) -> None:
        # The shard of drills marks all that comes from it; there is one where a drill has messages.
        shard = node.shards[DRILLS if is_drill else PROCESS]
        shard.stores.problems.announce(action, said, fields=fields)

    senders = [
        ChannelSender(
            build_channel(channel, now, announce),
            parts,
            known,
            links,
        )
        for channel, known in zip(settings.channels, health, strict=True)
    ]
    heartbeat = HeartbeatLoop(
        settings.heartbeat, lambda: list(_behind(node, settings, now(), health)), problems, stop, now
    )
    canary = CanaryLoop(settings.canary, lambda: process.desk, stop, now) if settings.canary else None
    loops = {
        "escalation": escalation.run,
        "heartbeat": heartbeat.run,
        **{f"send {channel.name}": sender.run for channel, sender in zip(settings.channels, senders, strict=True)},
        **({"canary": canary.run} if canary else {}),
    }
    return TellingParts(node, escalation, senders, health, heartbeat, canary, loops)


def _behind(node: Node, settings: NoticeSettings, now: datetime, health: Sequence[ChannelHealth]) -> Iterator[str]:
    """Of all shards and channels."""
    yield from deaf(health)
    channels = [channel.name for channel in settings.channels]
    for name, shard in list(node.shards.items()):
        yield from behind(shard.desk.recall, name, settings, now, channels)
