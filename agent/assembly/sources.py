"""From an org's settings to its sources, and who stands behind the ids in their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, assert_never

import structlog

from agent.config.settings import SourceSettings
from agent.normalize.row_identity import EarlierIds, Occurrences, identify
from agent.source import PolledSource, Recall
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.source import EventLogFile, EventLogFileSettings
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.session import Session
from agent.store import keys
from agent.store.state import State

log = structlog.get_logger()


class SourceMemory(Protocol):
    """What of the ingest loop a source needs."""

    def recall(self, source: str) -> Recall:
        """What the source of this name asked to remember."""
        ...


def build_source(
    settings: SourceSettings, session: Session, ingest: SourceMemory, now: Callable[[], datetime], downloads: Path
) -> PolledSource:
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
        case never:
            assert_never(never)


def build_directory(state: State, name: str, session: Session, now: Callable[[], datetime]) -> Directory:
    prefix = keys.DIRECTORY.key(name, "")

    def put(entries: Mapping[str, bytes]) -> None:
        with state.transact() as transaction:
            transaction.apply(prefix, entries)

    return Directory(session, get=lambda key: state.data(prefix + key), put=put, now=now)


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
