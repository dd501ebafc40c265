"""Looking at the database while nothing has failed yet: for `check`, and once an hour in the daemon."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import structlog

from agent.errors import UnknownVersion
from agent.model import Finding
from agent.store.directory import integrity
from agent.store.directory.integrity import IntegrityReport
from agent.store.directory.shard_folders import all_batches
from agent.store.directory.state_version import StoredVersion, is_lost, require_known
from agent.store.problems import Problems

log = structlog.get_logger()

SUBJECT = "state"
EVERY = 60
"""Ticks of the daemon, about one a minute, between two looks."""

_FIX = "stop the daemon; `leakline state inspect` shows what is there, `leakline state recover` recovers it"


class DatabaseWatch:
    """The daemon's own looks: damage that nothing has come across yet is reported while it can be."""

    def __init__(self, directory: Path, problems: Problems) -> None:
        self._directory = directory
        self._problems = problems
        self._ticks = 0

    def tick(self) -> None:
        """To be called about once a minute. Raises StateError when the problem cannot be written."""
        self._ticks += 1
        if self._ticks % EVERY:
            return
        try:
            examined = integrity.examine(self._directory, integrity.ON_REQUEST)
        except (OSError, sqlite3.Error) as error:
            log.warning("the state's database cannot be examined", reason=str(error))
            return
        if examined.findings:
            self._problems.report("state-damaged", SUBJECT, damage(examined), fix=_FIX, count=0)


def damage(examined: IntegrityReport) -> str:
    return f"the state's database is damaged ({examined.findings[0]})"


def findings(directory: Path) -> Iterator[Finding]:
    """Its version, and SQLite's own integrity check of its database, for `check`; also while a daemon runs."""
    try:
        stored = StoredVersion.of_database(directory)
        require_known(directory, stored)
        examined = integrity.examine(directory, integrity.ON_REQUEST, thorough=True)
    except (OSError, sqlite3.Error) as error:
        fix = "run `leakline check` as the service's user, or as root"
        yield Finding(SUBJECT, False, f"the database cannot be examined ({error})", fix, warning=True)
        return
    except UnknownVersion as error:
        yield Finding(SUBJECT, False, str(error.args[0]), error.hint)
        return
    match examined.condition:
        case "damaged":
            yield Finding(SUBJECT, False, damage(examined), _FIX)
        case "well" if is_lost(directory, stored):
            yield Finding(SUBJECT, False, "the database has lost the version of its content", _FIX)
        case "well" if examined.whole:
            yield Finding(SUBJECT, True, "the database is intact")
        case "well":
            message = f"the database is intact as far as it was examined in {integrity.ON_REQUEST:.0f} s"
            yield Finding(SUBJECT, True, message)
        case _ if any(True for _ in all_batches(directory)):
            message = f"the database is {examined.condition}, but there are batch files beside it"
            yield Finding(SUBJECT, False, message, _FIX)
