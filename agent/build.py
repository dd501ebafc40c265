"""From settings to running parts. Here, and only here, one room's work is handed to another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
import structlog

from agent import metrics, shorten
from agent.chosen_rules import chosen_rules
from agent.config import DestinationSettings, Settings, SourceSettings
from agent.dead_letter import DeadLetters
from agent.destinations.elastic import Elastic, ElasticSettings
from agent.destinations.file import File, FileSettings
from agent.destinations.splunk import Splunk, SplunkSettings
from agent.destinations.syslog import Syslog, SyslogSettings
from agent.detection.detector import Detection, Detector
from agent.detection.rule import LogSource, RuleSet
from agent.errors import FileError
from agent.formats import FORMATS
from agent.ingest import Committed, Ingest, Steps
from agent.model import OWN_EVENT_TYPE, Batch, Destination, Source
from agent.normalize import record_id
from agent.normalize.enrich import Enricher
from agent.normalize.identity import Occurrences, Taken, identify
from agent.normalize.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.sources.directory import Directory
from agent.sources.event_log_file import EventLogFile
from agent.sources.row_filter import Identity
from agent.sources.salesforce import Session
from agent.spool import Spool
from agent.state import State, StateRecall
from agent.store.problems import Problems

log = structlog.get_logger()


@dataclass
class Parts:
    """Everything a daemon runs, put together."""

    state: State
    spool: Spool
    dead_letters: DeadLetters
    open_problems: Problems
    ingest: Ingest
    destinations: Sequence[Destination]
    sessions: Mapping[str, Session]
    """By the org's name in the settings."""
    sources: Mapping[str, Sequence[tuple[SourceSettings, Source]]]
    """By the org's name in the settings."""
    rebuild: Callable[[], Processing]
    processing: Processing
    problems: Sequence[FileError] = field(init=False)

    def __post_init__(self) -> None:
        self.problems = self.processing.problems

    @property
    def rules_loaded(self) -> int:
        """With correlations, baselines, and those that only feed them."""
        return len(self.processing.rules.known)

    def reload(self) -> Sequence[FileError]:
        """Rules and mappings anew, from the next batch on; returns what of them did not load."""
        self.processing = self.rebuild()
        self.problems = self.processing.problems
        self.ingest.replace_steps(self.processing.steps)
        return self.problems


@dataclass(frozen=True, slots=True)
class Processing:
    """What happens to a batch between source and spool."""

    steps: Steps
    rules: RuleSet
    problems: Sequence[FileError]


def build(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    stop: threading.Event,
    watch: Callable[[Committed], None] = lambda _: None,
) -> Parts:
    """Open the state and put everything together; nothing runs and nothing is asked of anybody yet.

    Raises SettingsError, StateError. Rules and mappings that do not load are left out and listed in `problems`.
    """
    destinations = [build_destination(one, now, stop) for one in settings.destinations]
    state = State(settings.state.directory)
    spool, dead_letters, problems = Spool(state), DeadLetters(state), Problems(state, now)
    sessions = {org.name: Session(org, now=now, rotated=_warn_of_rotation(org.name)) for org in settings.orgs}
    directories = {name: _directory(state, name, session, now) for name, session in sessions.items()}

    def rebuild() -> Processing:
        return build_processing(settings, _by_org(sessions, directories), StateRecall(state, "memory/detection/"))

    processing = rebuild()
    limit = settings.state.spool_limit_mb << 20
    ingest = Ingest(
        state, spool, dead_letters, problems, processing.steps, now=now, stop=stop, spool_limit=limit, watch=watch
    )
    downloads = settings.state.directory / "downloads"
    downloads.mkdir(mode=0o700, exist_ok=True)
    sources = {
        org.name: [(one, _source(one, sessions[org.name], ingest, now, downloads)) for one in org.sources]
        for org in settings.orgs
    }
    for problem in processing.problems:
        log.warning("left out", problem=str(problem))
    return Parts(state, spool, dead_letters, problems, ingest, destinations, sessions, sources, rebuild, processing)


def build_destination(settings: DestinationSettings, now: Callable[[], datetime], stop: threading.Event) -> Destination:
    """One destination, not connected yet.

    Raises SettingsError for a secret or certificate that cannot be used, and for a row limit no alert could keep.
    """
    destination = _destination(settings, now, stop)
    shorten.look_for_room(destination)
    return destination


def _destination(settings: DestinationSettings, now: Callable[[], datetime], stop: threading.Event) -> Destination:
    encode = FORMATS[settings.format]
    match settings:
        case FileSettings():
            return File(settings, encode, now=now)
        case SplunkSettings():
            return Splunk(settings, encode, wait=stop.wait)
        case ElasticSettings():
            return Elastic(settings, encode)
        case SyslogSettings():
            return Syslog(settings, encode, wait=stop.wait)


def build_processing(
    settings: Settings,
    directory_of: Callable[[str], Directory | None] = lambda _: None,
    recall: Callable[[str], bytes | None] = lambda _: None,
) -> Processing:
    """Mappings, enrichment and rules as the steps of a batch.

    `directory_of`: an org's id to the look-ups of its users and apps; `recall`: what detection remembered.
    """
    mappings, mapping_errors = load_mappings([shipped("mappings"), *settings.normalize.mappings])
    normalizer = Normalizer(mappings, keep_original=settings.normalize.keep_original, report=_count_problem)
    uncounted = Normalizer(mappings)  # for rows that alerts copy: their problems are counted with the events
    enricher = Enricher(settings.enrich)
    rules = chosen_rules(settings.rules, settings.enrich)
    detector = Detector(
        rules, recall=recall, fold=settings.rules.fold, patience=settings.rules.revise, long_ids=record_id.to_long
    )

    def prepare(batch: Batch) -> pl.DataFrame:
        prepared = normalizer.prepare(batch)
        if batch.event_type == OWN_EVENT_TYPE:
            return prepared
        directory = directory_of(batch.org)
        if directory is None:
            return enricher.enrich(prepared)
        return enricher.enrich(prepared, users=directory.users, applications=directory.applications)

    def detect(batch: Batch, prepared: pl.DataFrame, now: datetime) -> Detection:
        own = batch.event_type == OWN_EVENT_TYPE
        source = LogSource("leakline", "agent") if own else LogSource("salesforce", batch.source)
        return detector.detect(
            prepared, source, now, org=batch.org, shape=lambda rows: uncounted.shape(rows, batch, now)
        )

    return Processing(
        Steps(prepare, detect, normalizer.shape), rules, [*mapping_errors, *enricher.problems, *rules.errors]
    )


def _source(
    settings: SourceSettings, session: Session, ingest: Ingest, now: Callable[[], datetime], downloads: Path
) -> Source:
    name = f"{session.settings.name}/{settings.type}"
    return EventLogFile(
        session,
        settings,
        now=now,
        recall=ingest.recall(name),
        identity=Identity(identify, Occurrences, Taken),
        temp_directory=downloads,
    )


def _directory(state: State, name: str, session: Session, now: Callable[[], datetime]) -> Directory:
    prefix = f"directory/{name}/"

    def put(entries: Mapping[str, bytes]) -> None:
        with state.transact() as transaction:
            transaction.apply(prefix, entries)

    return Directory(session, get=lambda key: state.data(prefix + key), put=put, now=now)


def _by_org(sessions: Mapping[str, Session], directories: Mapping[str, Directory]) -> Callable[[str], Directory | None]:
    """An org's look-ups by its id; a batch of an org is there only after its session signed in."""
    known: dict[str, Directory] = {}

    def directory_of(org: str) -> Directory | None:
        if org not in known:
            known.update({session.org_id: directories[name] for name, session in sessions.items() if session.signed_in})
        return known.get(org)

    return directory_of


def _warn_of_rotation(org: str) -> Callable[[str], None]:
    def warn(_: str) -> None:
        log.warning("the org gave a new refresh token, which is not written to the settings' secret", org=org)

    return warn


def _count_problem(problem: str, rows: int) -> None:
    metrics.ROWS_ODD.labels(problem).inc(rows)
