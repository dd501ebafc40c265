"""How far the log files have been read: the cursor's text, and the keys of what is remembered beside it.

Remembered: `known/<version>` for every file read (or given up), `cut/<version>` for those of which only a part
arrived, `taken/…` for ids of rows (see `ListedFile`), `interval` when hourly files are not to be had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.errors import SourceError
from agent.model import Cursor
from agent.source import Recall
from agent.sources.event_log_file.listed_file import ListedFile

VERSION = 1

KNOWN_FOR = timedelta(days=4)
"""Files are listed again from up to three days before the high water (EventLogFile: late files appear for 3 days).

Three days and one to spare."""
TAKEN_FOR = timedelta(days=6)
"""A day's file appears 45 hours (2 days) after the day's begin, and again for three days: 5 days, and one to spare."""
MOST_FORGOTTEN = 2_000
"""Keys forgotten in one transaction; the rest with a later one."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is read up to a row."""

    version: str
    row: int
    pieces: int
    """How many batches of it are committed."""
    seen: datetime | None = None
    """When its download began from which the first batch came."""


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """Everything created up to `high` is read; what is read beyond it is among the known files."""

    since: datetime
    """Creation time of the first file that was wanted."""
    high: datetime
    file: OpenFile | None = None

    def cursor(self) -> Cursor:
        document = {
            "version": VERSION,
            "since": self.since.isoformat(),
            "high": self.high.isoformat(),
            "file": _text_of(self.file) if self.file else None,
        }
        return Cursor(json.dumps(document))

    @classmethod
    def of(cls, cursor: Cursor) -> ReadPosition:
        """Raises SourceError for a text that is no cursor of ours."""
        try:
            document = json.loads(cursor)
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']}")
            file = document["file"]
            opened = None if file is None else _open_file(file)
            return cls(_moment(document["since"]), _moment(document["high"]), opened)
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"the stored cursor of event_log_file cannot be read ({error!r})",
                hint="it was damaged or written by a newer Leakline: restore the state directory from a backup, "
                "run the newer version, or start with an empty state directory",
            ) from error


def _text_of(file: OpenFile) -> dict[str, Any]:
    return {**asdict(file), "seen": file.seen.isoformat() if file.seen else None}


def _open_file(document: Mapping[str, Any]) -> OpenFile:
    """Cursors of older versions have no `seen`."""
    seen = document.get("seen")
    row, pieces = int(document["row"]), int(document["pieces"])
    return OpenFile(str(document["version"]), row, pieces, _moment(seen) if seen else None)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone: {text}")
    return moment.astimezone(UTC)


def known_key(file: ListedFile) -> str:
    return f"known/{file.version}"


def truncated_key(file: ListedFile) -> str:
    return f"cut/{file.version}"


def outdated(recall: Recall, high: datetime) -> dict[str, None]:
    """Remembered keys that no file to come can need, to be forgotten.

    Reckoned from the high water, not from the clock: after a pause of days the next files are still days old.
    """
    stale: dict[str, None] = {}
    for prefix in ("known/", "cut/"):
        # Versions begin with the time of creation in one fixed width: as texts they sort as times.
        oldest = f"{prefix}{high - KNOWN_FOR:%Y%m%dT%H%M%SZ}"
        stale |= {key: None for key in recall.keys(prefix) if key < oldest}
    # taken/<event type>/<YYYYMMDD>/<hour or "day">/<version>/<piece>: forgotten by the day that the rows are of.
    day = f"{high - TAKEN_FOR:%Y%m%d}"
    stale |= {key: None for key in recall.keys("taken/") if key.split("/", 3)[2] < day}
    return dict(list(stale.items())[:MOST_FORGOTTEN])
