"""Build, schedule, run, stop.

One job per polled source under apscheduler, one thread per destination, one for trimming, one that watches clock, loops
and listeners. Every wait is on the stop event. The first SIGTERM or SIGINT stops at the next batch boundary, the second
exits at once; what has not stopped within `STOP_WITHIN` is left behind, with status 3. SIGHUP reads rules, mappings and lists
again. An exception nobody expected ends the process with status 3: systemd starts it again, and not after 78, a damaged state.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from agent.assembly.delivery_loops import build_delivery_loops
from agent.assembly.live_mapping import LiveMapping
from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings
from agent.config.settings_files import SettingsFiles
from agent.daemon.backfill.loop import BackfillLoop
from agent.daemon.backfill.requests import BackfillRequests
from agent.daemon.changes.change_parts import build_change_parts
from agent.daemon.clock import utc_now
from agent.daemon.clocks.machine_clock import MachineClock
from agent.daemon.commands import DaemonCommands
from agent.daemon.control.server import control_served
from agent.daemon.drills.drill_parts import build_drill_parts
from agent.daemon.full_disk import despite_a_full_disk
from agent.daemon.listening.inbound_listener import inbound_served
from agent.daemon.liveness import Liveness
from agent.daemon.loop_watch import LoopWatch
from agent.daemon.metrics_listener import metrics_served
from agent.daemon.notice.notice_parts import build_notice_parts
from agent.daemon.process.restart import Restart
from agent.daemon.process.service_manager import ServiceManager
from agent.daemon.readings import TICK_EVERY, Readings
from agent.daemon.running_orgs import RunningOrgs
from agent.daemon.shutdown_deadline import (
    STOP_WITHIN,
    ShutdownDeadline,
    announce_late_stop,
    exit_late,
    polls_end_in_time,
)
from agent.daemon.signals import signals
from agent.daemon.status import takes_of
from agent.daemon.trail.daemon_life import stopped
from agent.daemon.trail.trail_build import build_trail_loop, record_reload
from agent.daemon.trail.trail_requests import TrailRequests
from agent.daemon.trim_loop import TrimLoop
from agent.daemon.watch import Watch
from agent.errors import Busy, StateDamaged
from agent.exit_status import FAILED, FINE, WRONG_CONFIGURATION
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.deliver import DeliveryStopped
from agent.pipeline.forward import Forward
from agent.pipeline.repair_loop import RepairLoop
from agent.store.directory.database_check import DatabaseWatch

log = structlog.get_logger()


class Daemon:
    """The running agent. `run` returns the exit status."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = utc_now,
        watch: Callable[[BatchCommit], None] = lambda _: None,
        files: SettingsFiles | None = None,
        reads_live: bool = True,
    ) -> None:
        """`files`: of these settings; without them a reload takes no orgs anew; `reads_live`: whether sources are read, or backfills only."""
        self._now = now
        self._watch = watch
        self.stop = StopEvent()
        self._reload_asked = threading.Event()
        self.stop_within = STOP_WITHIN
        """Seconds."""
        self.failure: str = ""
        self._status = FAILED
        """The exit status after a failure."""
        self.node = node = build_node(settings, now=now, stop=self.stop, watch=self._record_commit)
        self._settings = settings = node.settings
        self.readings = Readings(
            node.shards,
            node.directory,
            node.told,
            now=now,
            stop=self.stop,
            fail=self._fail,
            guarded=self._guarded,
            start=self._started,
            reads_live=reads_live,
        )
        self._clock = MachineClock(node.own_problems, node.timed_orgs, now)
        self._database_watch = DatabaseWatch(settings.state.directory, node.own_problems)
        self._delivery = build_delivery_loops(node, settings, now=now, stop=self.stop)
        self.trail = build_trail_loop(node, settings, now, self.stop)
        self._restart = Restart(time.monotonic, lambda: self.changes.hindrance())
        self.changes = build_change_parts(node, files, now, self._restart.ask, self.trail.soon)
        self._orgs = RunningOrgs(node, self.readings, self._delivery, self.changes.files)
        self._backfills = BackfillLoop(LiveMapping(lambda: node.shards), now, self.stop, entered=self.readings.entered)
        trail, entered = self.trail, self.readings.entered
        self.notice = build_notice_parts(node, trail.states, entered, self.stop, now, trail.soon, self.changes)
        schedule = self.readings.schedule
        self.drills = build_drill_parts(node, self._orgs.renew, self._delivery, self.notice, now, self.stop)
        looks = {
            "drills": self.drills.watch.look,
            "database": self._database_watch.tick,
            "maintenance": self.notice.end_maintenance,
            "changes": self.changes.look,
        }
        if (drills := settings.drills) is not None and drills.schedule:
            schedule.add_calendar("drills", self.drills.watch.ask_for_all, drills.schedule, drills.zone)
        for name, look in looks.items():
            schedule.add_tick(f"tick {name}", partial(self._tick, look), TICK_EVERY)
        self._liveness = Liveness(self.stalled, lambda: self.readings.threads)
        self.commands = DaemonCommands(
            settings.state.directory,
            node.stores,
            node.sessions,
            node,
            self.readings.status,
            self.forwards,
            takes_of(settings.destinations),
            node.look_up_problem,
            self._clock.kernel,
            now,
            BackfillRequests(self._backfills, now, reads_live=reads_live),
            self._orgs,
            [
                *TrailRequests(trail.states, now, trail.turn).commands(),
                *self.notice.commands,
                *self.changes.commands,
                *self.drills.commands,
            ],
            trail.mirrors.status,
            self._note_reload,
            self.notice.telling.status,
            self.drills.status,
        )

    @property
    def forwards(self) -> Sequence[Forward]:
        """The loops of the destinations."""
        return self._delivery.forwards

    @property
    def repair(self) -> RepairLoop:
        return self._delivery.repair

    def trim(self) -> None:
        """Let go of batches that every destination has settled."""
        self._delivery.trim.trim()

    def run(self, control: Path | None = None) -> int:
        """Until told to stop. Call from the main thread: it takes the signals. Where something hangs, the process ends
        `stop_within` after it was told to stop, and this does not return.
        """
        with ShutdownDeadline(self.stop, self._exit_late, self.stop_within):
            self._run(control)
            self.close()
        if self.failure:
            log.error("ended", reason=self.failure)
            return self._status
        log.info("stopped")
        return FINE

    def _run(self, control: Path | None) -> None:
        """From the start of all threads to the end of the last of them."""
        manager = ServiceManager()
        problems = self.node.own_problems
        with despite_a_full_disk(self.node.directory):
            announce_late_stop(self.node.directory.directory, problems)
        looks = [*self._clock.looks(self.readings.schedule.set_anew), LoopWatch(problems, self.stalled).look]
        looks.append(self.changes.denials.look)
        watch = Watch(looks, self.stop)
        self._liveness.watch_is_late = watch.is_late
        links = self.notice.links.acknowledgements
        inbound = inbound_served(self._settings.inbound, self.node, self._now, looks, links, self.changes.gate)
        served = control_served(control, self.commands.table(), self.changes.gate)
        if self._settings.metrics.port is not None:
            looks.append(self.notice.gauges.look)
        orgs = LiveMapping(self.readings.polled_orgs)
        listens, registers = self._settings.metrics, self.node.registers
        metrics = metrics_served(listens, self._liveness, registers, orgs, self.readings.has_read, looks)
        with signals(self.stop, self._reload_asked), served, metrics, inbound:
            threads = self._liveness.threads = [
                *self.start_forwarding(),
                self._started("watch", watch.run),
                self._started("trail", self.trail.run),
                *(self._started(name, run) for name, run in self.notice.loops.items()),
                self._started("backfill", self._backfills.run),
                self._started("drills", self.drills.runner.run),
            ]
            self.readings.start_sources()
            self.readings.schedule.start()
            sources = [name for shard in self.node.shards.values() for name in shard.source_names]
            manager.ready(f"watching {len(sources)} sources")
            log.info("started", sources=sorted(sources), destinations=[forward.name for forward in self.forwards])
            try:
                self._wait(manager)
            finally:  # whatever happens here, the loops must not go on without it
                self.stop.set()
                (manager.reloading if self.restarts else manager.stopping)()
                self.node.end_look_ups()
                with polls_end_in_time(self.node.sessions.values()):
                    self.readings.schedule.stop()
                    for thread in (*threads, *self.readings.threads):
                        thread.join()

    def _exit_late(self) -> None:
        """The state stays open: a thread that hangs may be using it (see `shutdown_deadline`)."""
        exit_late(self.node.directory.directory, self._status if self.failure else FAILED, self._now())

    def _wait(self, manager: ServiceManager) -> None:
        """Until the stop event: feed the watchdog while all loops live, reload when asked to."""
        while not self.stop.wait(0.5):
            if self._reload_asked.is_set():
                self._reload_asked.clear()
                manager.reloading()
                self.commands.reload()
                manager.ready()
            self._orgs.settle()
            if self._restart.begins():
                self.stop.set()
            if manager.is_hungry() and self._liveness.is_well():
                manager.feed()

    @property
    def restarts(self) -> bool:
        """Whether the program is to begin anew once this has ended: other settings have come into force."""
        return self._restart.has_begun and not self.failure

    def read_once(self) -> int:
        """One pass over every polled source, in this thread; rows committed. Raises what a source raises."""
        return sum(reading.read_once() for reading in self.readings.by_shard.values())

    def tick(self) -> None:
        """Let every shard say what only the passing of time can tell, in this thread."""
        for reading in self.readings.by_shard.values():
            reading.tick()

    def start_forwarding(self) -> list[threading.Thread]:
        """One thread per destination, one that trims, and one that sends the events about problems, one that repairs."""
        work = {f"forward {forward.name}": forward.run for forward in self.forwards}
        work |= {
            "trim": TrimLoop(self.node, self.trim, self.stop).run,
            "tell": self.readings.run_problem_events,
            "repair": self.repair.run,
        }
        return [self._started(name, run) for name, run in work.items()]

    def drained(self) -> bool:
        """Whether every destination has settled everything."""
        return all(forward.is_drained() for forward in self.forwards)

    def close(self) -> None:
        """Give everything back; the loops must have ended."""
        self.changes.end()
        self.trail.record(stopped(self.failure or (self._restart.reason if self._restart.has_begun else "")))
        self.node.close()

    def _record_commit(self, shard: str, commit: BatchCommit) -> None:
        self.readings.record_commit(shard, commit)
        self.drills.note(shard, commit)
        self._watch(commit)

    def _note_reload(self, answer: Mapping[str, Any]) -> None:
        """The pack of regimes is read anew, the file is held against what is approved; the trail has what the reload answered."""
        self.notice.basis.load(self._now())
        self.changes.look_at_files()
        record_reload(self.trail, self.node, answer)

    # Keeping going, and ending

    def _tick(self, look: Callable[[], object]) -> None:
        """What is done about once a minute; where the state is held or the disk is full, a minute later again."""
        with despite_a_full_disk(self.node.directory), suppress(Busy):
            look()

    def _guarded(self, run: Callable[[], None]) -> None:
        """Anything unexpected in a thread ends the process: what a shard expects of itself ended its pass before."""
        try:
            run()
        except DeliveryStopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it ends the process, whatever it is
            log.error("unexpected", traceback=traceback.format_exc())
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End the process."""
        self.failure = f"{type(error).__name__}: {error}"
        if isinstance(error, StateDamaged):
            self._status = WRONG_CONFIGURATION
        self.stop.set()
        with self.node.grown:
            self.node.grown.notify_all()

    def _started(self, name: str, run: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(run,), name=name)
        thread.start()
        return thread

    def stalled(self) -> Mapping[str, str]:
        """Loops that hang or whose turn does not come, by name, each with a sentence about it."""
        return self.readings.stalled()
