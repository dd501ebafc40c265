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
from agent.assembly.live_mapping import LiveMapping
from agent.assembly.load_failures import LoadFailure
from agent.assembly.notice.floors import refuse_weaker, working_notice
from agent.assembly.secret_check import unusable_destinations
from agent.assembly.shard import Answers, Shard, ShardSurroundings, StopEvent, build_shard
from agent.assembly.sources import warn_of_rotation
from agent.changes.book import DamagedBook
from agent.config.approved_settings import settings_in_force
from agent.config.settings import Org, Settings
from agent.detection.sigma import cache
from agent.drills.mark import CurrentDrill
from agent.errors import FileError, LeaklineError, SettingsError, StateError
from agent.model import Destination
from agent.notice.settings import NoticeSettings
from agent.pipeline.commit_line import BatchCommit
from agent.sources.inbound.source import InboundReports
from agent.sources.salesforce.session import Session
from agent.store import dead_letter_problem, keys
from agent.store.directory import startup
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.queue.shards import ShardOpening
from agent.store.queue.state_stores import StateStores
from agent.store.state import StateRecall
from agent.trail.checkpointer import newest_checkpoint
from agent.trail.head import TrailHead

log = structlog.get_logger()


@dataclass
class Node:
    """Everything a daemon runs, put together."""

    settings: Settings
    """Those in use."""
    directory: StateDirectory
    shards: Mapping[str, Shard]
    """By name: the process's, the settings' orgs, and orgs that only the state knows. Another mapping after each change."""
    destinations: Sequence[Destination]
    processing: BatchProcessing
    _opening: ShardOpening
    _surroundings: ShardSurroundings
    _reload: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._report()

    @property
    def stores(self) -> Mapping[str, StateStores]:
        """Those of all shards, as they are whenever they are asked for."""
        return LiveMapping(lambda: {name: shard.stores for name, shard in self.shards.items()})

    @property
    def grown(self) -> threading.Condition:
        """Notified after every commit that added batches to the spool of any shard."""
        return self._opening.grown

    @property
    def told(self) -> threading.Condition:
        """Notified when any shard has an event about a problem to send."""
        return self._opening.told

    @property
    def own_problems(self) -> Problems:
        """The register of what is of no org."""
        return self.shards[keys.PROCESS].stores.problems

    @property
    def registers(self) -> Mapping[str, Problems]:
        """Of problems, by the shard's name, as they are whenever they are asked for."""
        return LiveMapping(lambda: {name: shard.stores.problems for name, shard in self.shards.items()})

    @property
    def sessions(self) -> Mapping[str, Session]:
        """By the org's name in the settings, as they are whenever they are asked for."""
        return LiveMapping(
            lambda: {name: shard.session for name, shard in self.shards.items() if shard.session is not None}
        )

    @property
    def timed_orgs(self) -> Mapping[str, tuple[Session, Problems]]:
        """Orgs whose answers say what time it is, by name, each with its register; as they are whenever they are asked for."""
        return LiveMapping(
            lambda: {
                name: (shard.session, shard.stores.problems)
                for name, shard in self.shards.items()
                if shard.session is not None
            }
        )

    @property
    def inbound(self) -> Mapping[str, InboundReports]:
        """What takes the reports of senders, by the org's name; of orgs that have senders, as they are whenever it is asked."""
        return LiveMapping(
            lambda: {name: shard.inbound for name, shard in self.shards.items() if shard.inbound is not None}
        )

    @property
    def problems(self) -> Sequence[FileError]:
        """What of rules, mappings and lists does not load."""
        return self.processing.problems

    @property
    def rules_loaded(self) -> int:
        """With correlations, baselines, and those that only feed them."""
        return len(self.processing.rules.all_rules)

    @property
    def rules_sha256(self) -> str:
        """A digest of the files of rules in use (`RuleFiles.sha256`)."""
        return self.processing.loaded.rules.sha256

    @property
    def notice(self) -> NoticeSettings | None:
        """The settings `notice` as they work; in `settings` they are as they are written."""
        return self._surroundings.answers.notice

    @property
    def trail_head(self) -> TrailHead:
        """What alerts of all shards say of the trail's newest checkpoint."""
        return self._surroundings.answers.head

    def rebuild(self, before: LoadedFiles) -> BatchProcessing:
        """Rules, mappings and lists anew, keeping of those in use (`before`) what does not load. Raises SettingsError."""
        recall = rule_recall(self.settings, self.shards[keys.PROCESS].stores)
        return build_processing(self.settings, before, cache=cache.directory(), recall=recall)

    @property
    def current_drill(self) -> CurrentDrill:
        """What the shard of drills marks all of its own with."""
        return self._surroundings.answers.drill

    def put(self, org: Org) -> None:
        """The shard of an org, new or with other settings. Nothing of the shard before it may run any more."""
        session = _session(org, self._surroundings.now)
        shard = build_shard(self._stores(org.name), org, session, self.processing, self._surroundings)
        self.shards = {**self.shards, org.name: shard}

    def retire(self, name: str) -> None:
        """The shard of an org that is read no longer, whose rows are still delivered; or of no org, such as that of drills. Nothing of
        it may run any more.
        """
        shard = build_shard(self._stores(name), None, None, self.processing, self._surroundings)
        self.shards = {**self.shards, name: shard}

    def reload(self) -> Sequence[LoadFailure]:
        """Rules, mappings and lists anew, from the next batch on; returns what of them did not load. One at a time.

        Raises SettingsError when the rules do not fit the settings: all stays as it was then.
        """
        with self._reload:
            before = self.processing.loaded
            try:
                self.processing = self.rebuild(before)
            except DamagedBook as error:
                raise SettingsError(str(error), hint="put back a backup of the state directory") from error
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

    def _stores(self, name: str) -> StateStores:
        known = self.shards.get(name)
        return known.stores if known is not None else self._opening.open(name)

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
    stop: StopEvent,
    watch: Callable[[str, BatchCommit], None] = lambda _shard, _commit: None,
) -> Node:
    """Open the state and put everything together; nothing runs and nothing is asked of anybody yet. `settings`: as they are
    written; the node has those in force.

    `watch`: called after each commit with the name of its shard.

    Raises SettingsError (also when nothing can run for want of secrets, or notices would be weaker than the law by the file where
    that counts), StateError. Rules, mappings and lists that do not load are left out and reported as problems.
    """
    weaker = _weaker(settings)
    if weaker is not None and not settings.state.directory.exists():
        raise weaker  # before the state is touched
    orgs = {org.name: org for org in settings.orgs}
    directory = StateDirectory(settings.state.directory)
    opening = ShardOpening(directory, now)
    shards = opening.open_all(orgs)
    try:
        written = settings
        settings = settings_in_force(written, StateRecall(shards[keys.PROCESS].state, keys.RESPONSE.prefix))
        if weaker is not None and settings is written:
            raise weaker
        destinations = [build_destination(destination, now, stop) for destination in settings.destinations]
        sessions = {name: _session(org, now) for name, org in orgs.items()}
        missing = unusable_destinations(sessions.values(), destinations)
    except BaseException:
        directory.close()
        raise
    _begin(directory, shards, missing)
    try:
        recall = rule_recall(settings, shards[keys.PROCESS])
        processing = build_processing(settings, cache=cache.directory(), recall=recall)
    except DamagedBook as error:
        directory.close()
        hint = "put back a backup of the state directory; until then nothing says which rules are approved"
        raise SettingsError(str(error), hint=hint) from error
    downloads = settings.state.directory / "downloads"
    downloads.mkdir(mode=0o700, exist_ok=True)
    answers = Answers(working_notice(settings))
    answers.head.restore(newest_checkpoint(shards[keys.PROCESS].state))
    surroundings = ShardSurroundings(downloads, now, stop, watch, settings.inbound, answers)
    built = {
        name: build_shard(stores, orgs.get(name), sessions.get(name), processing, surroundings)
        for name, stores in shards.items()
    }
    return Node(settings, directory, built, destinations, processing, opening, surroundings)


def _weaker(settings: Settings) -> SettingsError | None:
    """What of the file is weaker than the law. Where other settings were approved it keeps no start from succeeding: it is not in
    force, and a daemon that does not run gives no notice at all.
    """
    try:
        refuse_weaker(settings)
    except SettingsError as error:
        return error
    return None


def rule_recall(settings: Settings, process: StateStores) -> StateRecall | None:
    """Where approved rules are kept; None without permissions, where the folders alone count. `process`: of the process's own shard."""
    return StateRecall(process.state, keys.RESPONSE.prefix) if settings.permissions is not None else None


def _session(org: Org, now: Callable[[], datetime]) -> Session:
    return Session(org, now=now, rotated=warn_of_rotation(org.name))


def _begin(directory: StateDirectory, shards: Mapping[str, StateStores], missing: Mapping[str, LeaklineError]) -> None:
    """Take the state into use, and report what is known to be wrong. `missing`: destinations that lack a secret."""
    startup.begin(directory, {name: (stores.state, stores.problems) for name, stores in shards.items()})
    for stores in shards.values():
        dead_letter_problem.take_over(stores.problems, stores.dead_letters, stores.state)
    register = shards[keys.PROCESS].problems
    for name, error in missing.items():
        fields = {"error.type": type(error).__name__, "error.message": str(error)}
        register.report("destination-unavailable", name, f"{name} accepts nothing: {error}", fields=fields)
