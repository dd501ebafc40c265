"""The loop of the trail, put together for a daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from agent.assembly.node import Node
from agent.config.settings import Settings
from agent.daemon.trail.daemon_life import reloaded, started
from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.daemon.trail.trail_damage import TrailDamage
from agent.daemon.trail.trail_loop import TrailLoop
from agent.daemon.trail.trail_mirrors import TrailMirrors, mirroring
from agent.errors import StateError
from agent.store import keys
from agent.store.state import State
from agent.trail import mirrors
from agent.trail.checkpointer import Checkpointer
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of, signer


def build_trail_loop(node: Node, settings: Settings, now: Callable[[], datetime], stop: threading.Event) -> TrailLoop:
    """Raises SettingsError for a key that cannot be used, StateError."""
    process = node.shards[keys.PROCESS]
    state, spool, problems = process.stores.state, process.stores.spool, process.stores.problems
    origin, every = origin_of(state.id), settings.trail.checkpoint_every
    try:
        key = signer(settings.trail, settings.state.directory, origin)
    except OSError as error:
        raise StateError(f"the trail's key cannot be kept in {settings.state.directory} ({error.strerror})") from error

    def states() -> Mapping[str, State]:
        return {name: shard.stores.state for name, shard in node.shards.items()}

    def chains() -> Mapping[str, ShardTrail]:
        return {name: ShardTrail(state) for name, state in states().items()}

    places = mirroring(settings.destinations)
    inquiry = MirrorInquiry(node.destinations, places, origin, stop)
    loop = TrailLoop(
        state,
        states,
        Checkpointer(state, chains, key, now, node.trail_head),
        inquiry,
        TrailMirrors(state, places, problems, inquiry, lambda: spool.end(mirrors.LANE).sequence, every, now),
        problems,
        TrailDamage(problems),
        lambda event: process.ingest.take("agent", event),
        every,
        stop,
        now,
    )
    loop.take_over()
    loop.record(started(settings, node))
    return loop


def record_reload(loop: TrailLoop, node: Node, answer: Mapping[str, Any]) -> None:
    """What a reload answered is recorded, with digests of what is in use now, and signed soon."""
    loop.record(reloaded(answer, node.settings, node))
    loop.soon()
