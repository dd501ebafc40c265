"""From an org's settings to its sources, and who stands behind the ids in their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from agent.config.settings import SourceSettings
from agent.model import Source
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.pipeline.ingest import Ingest
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.source import EventLogFile, EventLogFileSettings
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State

log = structlog.get_logger()


def build_source(
    settings: SourceSettings, session: Session, ingest: Ingest, now: Callable[[], datetime], downloads: Path
) -> Source:
    """One source of an org, which asks nothing yet."""
    name = f"{session.settings.name}/{settings.type}"
    match settings:
        case EventLogFileSettings():
            return EventLogFile(
                session,
                settings,
                now=now,
                recall=ingest.recall(name),
                identity=RowIdentity(identify, Occurrences, EarlierIds),
                temp_directory=downloads,
            )


def build_directory(
    state: State, problems: Problems, name: str, session: Session, now: Callable[[], datetime]
) -> Directory:
    """An org's look-ups, with their cache in `state`; that one failed is an open problem of `problems`."""
    prefix = keys.DIRECTORY.key(name, "")

    def put(entries: Mapping[str, bytes]) -> None:
        with state.transact() as transaction:
            transaction.apply(prefix, entries)

    def report(reason: str) -> None:
        if reason:
            problems.report("look-up-failed", name, f"users and apps are not known: {reason}")
        else:
            problems.over("look-up-failed", name)

    return Directory(session, org=name, get=lambda key: state.data(prefix + key), put=put, now=now, report=report)


def directory_by_org(
    sessions: Mapping[str, Session], directories: Mapping[str, Directory]
) -> Callable[[str], Directory | None]:
    """An org's look-ups by its id; a batch of an org is there only after its session signed in."""
    known: dict[str, Directory] = {}

    def directory_of(org: str) -> Directory | None:
        if org not in known:
            known.update({session.org_id: directories[name] for name, session in sessions.items() if session.signed_in})
        return known.get(org)

    return directory_of


def warn_of_rotation(org: str) -> Callable[[str], None]:
    def warn(_: str) -> None:
        log.warning("the org gave a new refresh token, which is not written to the settings' secret", org=org)

    return warn
