"""Whether the user is about to leave, or gone: from a list that human resources or the directory exports.

Columns: `leakline.user_leaving` and `leakline.user_left` (`Boolean`) and `leakline.user_leaves_on` (`String`, ISO date).
Whether somebody is leaving, or should have left, is told at the event's own time, so that a hunt over old logs says what
was true then. Null where the user or the time is not known, so that no rule takes "not known" for "no".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.columns.distinct import all_null
from agent.columns.timestamp import TIME
from agent.enrichment.lists.file_stamp import stamp_of
from agent.enrichment.lists.leaver_file import LeaverFile, account_key, read_leavers
from agent.enrichment.lists.list_file import ListFiles
from agent.enrichment.lookup_cache import LookupCache
from agent.errors import FileError

LEAVING = "leakline.user_leaving"
LEFT = "leakline.user_left"
LEAVES_ON = "leakline.user_leaves_on"

OVER = timedelta(days=1, hours=12)
"""From the beginning of a day in UTC until it is over in every time zone: 24 hours, and 12 for UTC-12, the last one."""

_FROM, _UNTIL, _KNOWN = "from", "until", "known"
_BETWEEN = "\x1f"
_ABOUT = ("user.id", "user.email", "user.name")
"""The name comes last: at a login it is what somebody typed, and may hold separators."""


class Leavers:
    """The list, read anew when the file is replaced: once for all orgs. Safe for threads."""

    def __init__(self, path: Path, last_day: str | None, files: ListFiles | None = None) -> None:
        """`files`: reads the list; unless given, a file that cannot be used raises SettingsError."""
        self._path, self._last_day = path, last_day
        self._files = files or ListFiles(strict=True)
        self._lock = threading.Lock()
        self._stamp = stamp_of(path)
        self._file = self._read()

    def file(self) -> LeaverFile | None:
        """The list as it is now: another object when it was replaced. None if it could never be used. While one thread
        reads it, the others get that of before and wait for nothing.
        """
        if self._lock.acquire(blocking=False):
            try:
                now = stamp_of(self._path)
                if now != self._stamp:
                    self._stamp, self._file = now, self._read()
            finally:
                self._lock.release()
        return self._file

    @property
    def problems(self) -> Sequence[FileError]:
        """Lines of the list that were left out."""
        return self._file.problems if self._file else ()

    def _read(self) -> LeaverFile | None:
        return self._files.read(
            self._path, lambda path: read_leavers(path, self._last_day), lines=lambda file: file.problems
        )


class LeaverColumns:
    """Columns for the users of one org. Somebody is leaving from `before` the last day on, and after it."""

    def __init__(self, leavers: Leavers, before: timedelta) -> None:
        self._leavers, self._before = leavers, before
        self._file = leavers.file()
        self._cache = LookupCache(
            {LEAVES_ON: pl.String(), _FROM: TIME, _UNTIL: TIME, _KNOWN: pl.Boolean()},
            lambda keys: {key: self._answer(key) for key in keys},
        )

    def columns(self, columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
        """`columns`: those of the frame, by name, of which any may be missing."""
        file = self._leavers.file()
        if file is not self._file:
            self._file = file
            self._cache.forget()
        known = [columns.get(name) for name in _ABOUT]
        if self._file is None or all(column is None for column in known):
            return {}
        answers = self._cache.joined_columns(known, _BETWEEN)
        if _KNOWN not in answers:
            return {}
        begins, ends, moment = answers.pop(_FROM, None), answers.pop(_UNTIL, None), columns.get("@timestamp")
        stays = answers.pop(_KNOWN) & False
        if begins is None or ends is None:
            return {LEAVING: stays, LEFT: stays}
        # A row without a time is neither before nor after a day: null for who leaves, false for who stays.
        unknown = all_null(stays.len(), pl.Boolean)
        reached = {LEAVING: begins, LEFT: ends}
        return answers | {
            name: (moment >= day if moment is not None else unknown).zip_with(day.is_not_null(), stays)
            for name, day in reached.items()
        }

    def _answer(self, key: str) -> tuple[Any, ...]:
        user, mail, name = key.split(_BETWEEN, 2)
        accounts = [account_key(text) for text in (user, mail, name) if text]
        last_days, only_ids = (self._file.last_days, self._file.only_ids) if self._file else ({}, False)
        days = [last_days[account] for account in accounts if account in last_days]
        if not days:
            return None, None, None, True if mail or name or (user and only_ids) else None
        # By day in UTC; the hours between zones are given to the user, who has left when the day is over everywhere.
        last = datetime.combine(min(days), time(), UTC)
        return min(days).isoformat(), last - self._before, last + OVER, True
