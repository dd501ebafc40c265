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
from agent.store.problems import Problems
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


def warn_of_rotation(org: str) -> Callable[[str], None]:
    def warn(_: str) -> None:
        log.warning("the org gave a new refresh token, which is not written to the settings' secret", org=org)

    return warn
