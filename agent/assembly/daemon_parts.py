"""From settings to the parts of a daemon. In this folder, and only here, one room's work is handed to another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from agent.assembly import load_failures
from agent.assembly.batch_processing import BatchProcessing, LoadedFiles, build_processing
from agent.assembly.destinations import build_destination
from agent.assembly.load_failures import LoadFailure
from agent.assembly.secret_check import unusable_destinations
from agent.assembly.sources import build_directory, build_source, directory_by_org, warn_of_rotation
from agent.config.settings import Settings, SourceSettings
from agent.errors import FileError, SettingsError
from agent.model import Destination, Source
from agent.pipeline.ingest import BatchCommit, Ingest
from agent.sources.salesforce.session import Session
from agent.store import dead_letter_problem, keys
from agent.store.dead_letters import DeadLetters
from agent.store.directory import startup
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.queue.state_stores import StateStores, open_stores
from agent.store.spool import Spool
from agent.store.state import State, StateRecall

log = structlog.get_logger()


@dataclass
class DaemonParts:
    """Everything a daemon runs, put together."""

    whole: StateDirectory
    state: State
    stores: StateStores
    spool: Spool
    dead_letters: DeadLetters
    open_problems: Problems
    ingest: Ingest
    destinations: Sequence[Destination]
    sessions: Mapping[str, Session]
    """By the org's name in the settings."""
    sources: Mapping[str, Sequence[tuple[SourceSettings, Source]]]
    """By the org's name in the settings."""
    rebuild: Callable[[LoadedFiles], BatchProcessing]
    """From what is in use: rules, mappings and lists anew, keeping of these what does not load."""
    processing: BatchProcessing
    _reload: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._report()

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
                load_failures.report_settings(self.open_problems, error)
                raise
            self.ingest.replace_steps(self.processing.steps)
            for path in before.gone(self.processing.loaded):
                log.info("a file is gone, and what it held with it", path=str(path))
            return self._report()

    def _report(self) -> Sequence[LoadFailure]:
        """What does not load, and what does again, to the register; of lists from now on whenever they are read."""
        found = self.processing.load_failures
        open_subjects = [problem.subject for problem in self.open_problems.open() if problem.kind == load_failures.KIND]
        load_failures.report(self.open_problems, found, open_subjects)
        lists = self.processing.loaded.lists
        lists.tell = lambda path, problems: load_failures.report(
            self.open_problems, load_failures.of_errors(problems, lists.kept), [str(path)]
        )
        return found


def build_parts(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    stop: threading.Event,
    watch: Callable[[BatchCommit], None] = lambda _: None,
) -> DaemonParts:
    """Open the state and put everything together; nothing runs and nothing is asked of anybody yet.

    Raises SettingsError (also when nothing can run for want of secrets), StateError. Rules, mappings and lists that do
    not load are left out and reported as problems.
    """
    destinations = [build_destination(destination, now, stop) for destination in settings.destinations]
    sessions = {org.name: Session(org, now=now, rotated=warn_of_rotation(org.name)) for org in settings.orgs}
    missing = unusable_destinations(sessions.values(), destinations)
    whole = StateDirectory(settings.state.directory)
    stores = open_stores(whole.shard(keys.PROCESS), now)
    state, spool, dead_letters, problems = stores.state, stores.spool, stores.dead_letters, stores.problems
    startup.begin(whole, {keys.PROCESS: (state, problems)})
    dead_letter_problem.take_over(problems, dead_letters, state)
    for name, error in missing.items():
        fields = {"error.type": type(error).__name__, "error.message": str(error)}
        problems.report("destination-unavailable", name, f"{name} takes nothing: {error}", fields=fields)
    directories = {name: build_directory(state, problems, name, session, now) for name, session in sessions.items()}

    def rebuild(before: LoadedFiles) -> BatchProcessing:
        recall = StateRecall(state, keys.DETECTION.prefix)
        return build_processing(settings, directory_by_org(sessions, directories), recall, before)

    processing = rebuild(LoadedFiles())
    limit = settings.state.spool_limit_mb << 20
    ingest = Ingest(
        state, spool, dead_letters, problems, processing.steps, now=now, stop=stop, spool_limit=limit, watch=watch
    )
    downloads = settings.state.directory / "downloads"
    downloads.mkdir(mode=0o700, exist_ok=True)
    sources = {
        org.name: [(source, build_source(source, sessions[org.name], ingest, now, downloads)) for source in org.sources]
        for org in settings.orgs
    }
    return DaemonParts(
        whole,
        state,
        stores,
        spool,
        dead_letters,
        problems,
        ingest,
        destinations,
        sessions,
        sources,
        rebuild,
        processing,
    )
