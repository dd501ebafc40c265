"""From settings to the parts of a daemon: what is the process's, and a shard for each org.

In this folder, and only here, one room's work is handed to another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from agent.assembly import load_failures
from agent.assembly.batch_processing import BatchProcessing, LoadedFiles, build_processing
from agent.assembly.destinations import build_destination
from agent.assembly.load_failures import LoadFailure
from agent.assembly.secret_check import unusable_destinations
from agent.assembly.shard import Shard, ShardSurroundings, build_shard
from agent.assembly.sources import warn_of_rotation
from agent.config.settings import Settings
from agent.detection.sigma import cache
from agent.errors import FileError, LeaklineError, SettingsError, StateError
from agent.model import Destination
from agent.pipeline.commit_line import BatchCommit
from agent.sources.salesforce.session import Session
from agent.store import dead_letter_problem, keys
from agent.store.directory import startup
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.queue.shards import open_shards
from agent.store.queue.state_stores import StateStores

log = structlog.get_logger()


@dataclass
class Node:
    """Everything a daemon runs, put together."""

    directory: StateDirectory
    shards: Mapping[str, Shard]
    """By name: the process's, the settings' orgs, and orgs that only the state knows."""
    destinations: Sequence[Destination]
    rebuild: Callable[[LoadedFiles], BatchProcessing]
    """From what is in use: rules, mappings and lists anew, keeping of these what does not load."""
    processing: BatchProcessing
    grown: threading.Condition
    """Notified after every commit that added batches to the spool of any shard."""
    told: threading.Condition
    """Notified when any shard has an event about a problem to send."""
    _reload: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._report()

    @property
    def stores(self) -> dict[str, StateStores]:
        """Those of all shards."""
        return {name: shard.stores for name, shard in self.shards.items()}

    @property
    def own_problems(self) -> Problems:
        """The register of what is of no org."""
        return self.shards[keys.PROCESS].stores.problems

    @property
    def sessions(self) -> dict[str, Session]:
        """By the org's name in the settings."""
        return {name: shard.session for name, shard in self.shards.items() if shard.session is not None}

    @property
    def timed_orgs(self) -> dict[str, tuple[Session, Problems]]:
        """Orgs whose answers say what time it is, by name, each with its register."""
        return {name: (session, self.shards[name].stores.problems) for name, session in self.sessions.items()}

    @property
    def problems(self) -> Sequence[FileError]:
        """What of rules, mappings and lists does not load."""
        return self.processing.problems

    @property
    def rules_loaded(self) -> int:
        """With correlations, baselines, and those that only feed them."""
        return len(self.processing.rules.all_rules)

    def reload(self) -> Sequence[LoadFailure]:
        """Rules, mappings and lists anew, from the next batch on; returns what of them did not load. One at a time.

        Raises SettingsError when the rules do not fit the settings: all stays as it was then.
        """
        with self._reload:
            before = self.processing.loaded
            try:
                self.processing = self.rebuild(before)
            except SettingsError as error:
                load_failures.report_settings(self.own_problems, error)
                raise
            for shard in self.shards.values():
                shard.ingest.replace_steps(shard.steps(self.processing))
            for path in before.gone(self.processing.loaded):
                log.info("a file was deleted, with everything that it defined", path=str(path))
            return self._report()

    def look_up_problem(self, org: str) -> str:
        """Why events of an org go without who is behind their ids; empty while they do not."""
        directory = self.shards[org].directory
        return directory.problem if directory is not None else ""

    def end_look_ups(self) -> None:
        """At the stop: no batch waits for one any longer."""
        for shard in self.shards.values():
            if shard.directory is not None:
                shard.directory.close()

    def close(self) -> None:
        """Give everything back; nothing may run any more."""
        for destination in self.destinations:
            destination.close()
        self.end_look_ups()
        for session in self.sessions.values():
            session.close()
        for shard in self.shards.values():
            with suppress(StateError):  # saves calls only; whoever stops is told of the state otherwise
                if shard.calls is not None:
                    shard.calls.write()
        self.directory.close()

    def _report(self) -> Sequence[LoadFailure]:
        """What does not load, and what does again, to the register; of lists from now on whenever they are read."""
        found, register = self.processing.load_failures, self.own_problems
        open_subjects = [problem.subject for problem in register.open() if problem.kind == load_failures.KIND]
        load_failures.report(register, found, open_subjects)
        lists = self.processing.loaded.lists
        lists.tell = lambda path, problems: load_failures.report(
            register, load_failures.of_errors(problems, lists.kept), [str(path)]
        )
        return found


def build_node(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    stop: threading.Event,
    watch: Callable[[str, BatchCommit], None] = lambda _shard, _commit: None,
) -> Node:
    """Open the state and put everything together; nothing runs and nothing is asked of anybody yet.

    `watch`: called after each commit with the name of its shard.

    Raises SettingsError (also when nothing can run for want of secrets), StateError. Rules, mappings and lists that do
    not load are left out and reported as problems.
    """
    destinations = [build_destination(destination, now, stop) for destination in settings.destinations]
    sessions = {org.name: Session(org, now=now, rotated=warn_of_rotation(org.name)) for org in settings.orgs}
    missing = unusable_destinations(sessions.values(), destinations)
    directory = StateDirectory(settings.state.directory)
    grown, told = threading.Condition(), threading.Condition()
    shards = open_shards(directory, sessions, now, grown=grown, told=told)
    _begin(directory, shards, missing)

    def rebuild(before: LoadedFiles) -> BatchProcessing:
        return build_processing(settings, before, cache=cache.directory())

    processing = rebuild(LoadedFiles())
    downloads = settings.state.directory / "downloads"
    downloads.mkdir(mode=0o700, exist_ok=True)
    surroundings = ShardSurroundings(processing, downloads, now, stop, watch)
    orgs = {org.name: org for org in settings.orgs}
    built = {
        name: build_shard(stores, orgs.get(name), sessions.get(name), surroundings) for name, stores in shards.items()
    }
    return Node(directory, built, destinations, rebuild, processing, grown, told)


def _begin(directory: StateDirectory, shards: Mapping[str, StateStores], missing: Mapping[str, LeaklineError]) -> None:
    """Take the state into use, and report what is known to be wrong. `missing`: destinations that lack a secret."""
    startup.begin(directory, {name: (stores.state, stores.problems) for name, stores in shards.items()})
    for stores in shards.values():
        dead_letter_problem.take_over(stores.problems, stores.dead_letters, stores.state)
    register = shards[keys.PROCESS].problems
    for name, error in missing.items():
        fields = {"error.type": type(error).__name__, "error.message": str(error)}
        register.report("destination-unavailable", name, f"{name} accepts nothing: {error}", fields=fields)
