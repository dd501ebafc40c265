"""Rows of a log file that were read before and lost afterwards: the same rows with the same ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from agent.errors import TransportError
from agent.model import Batch, TimeFlag
from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.download import Download, DownloadStopped
from agent.sources.event_log_file.file_batches import SERVICE
from agent.sources.event_log_file.listed_file import ListedFile


class OrgSession(Protocol):
    """What fetching again needs of a session."""

    @property
    def org_id(self) -> str: ...


def fetch(
    get: Callable[[ListedFile], Download],
    session: OrgSession,
    identity: RowIdentity,
    again: str,
    wanted: Sequence[pl.Series],
) -> list[Batch]:
    """`rows` of a file that is downloaded for it. `again`: `ListedFile.text`. Raises what `get` and `rows` raise."""
    listed = ListedFile.of_text(again)
    try:
        got = get(listed)
    except DownloadStopped as error:
        raise TransportError(f"{listed.event_type} {listed.id}: Leakline is stopping") from error
    try:
        seen = ListedFile.seen_in(again) or got.begun
        flags: Sequence[TimeFlag] = ("late",) if ListedFile.late_in(again) else ()
        found = rows(session.org_id, identity, listed, got, wanted)
        return [replace(batch, created=seen, time_flags=flags) for batch in found]
    finally:
        got.file.close()


def rows(
    org: str, identity: RowIdentity, listed: ListedFile, got: Download, wanted: Sequence[pl.Series]
) -> list[Batch]:
    """For each of `wanted` (`Int64`, record numbers in ascending order) a batch with those of these rows that are there.

    Raises TransportError for a file that did not arrive whole.
    """
    if got.truncated:
        raise TransportError(f"{listed.event_type} {listed.id}: {got.defect}", hint="it is fetched again")
    # Behind the last record that is asked for nothing need be read.
    last = max((int(numbers[-1]) for numbers in wanted if len(numbers)), default=0)
    parts: list[list[pl.DataFrame]] = [[] for _ in wanted]
    for numbers, frame in _named(org, identity, listed, got, last):
        for part, chosen in zip(parts, wanted, strict=True):
            part.append(frame.filter(numbers.is_in(chosen)))
    return [_batch(org, listed, part) for part in parts]


def _named(
    org: str, identity: RowIdentity, listed: ListedFile, got: Download, last: int
) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
    """Record numbers (`Int64`) and rows with their `event.id`, piece by piece, at least up to record `last`.

    From the file's begin, for equal rows are told apart by counting them within their file (`RowIdentity.occurrences`).
    """
    got.file.seek(0)
    occurrences = identity.occurrences(())
    for piece in read_log_file(got.file, name=f"{listed.event_type} {listed.id}"):
        ids, _ = occurrences.number(identity.identify(piece.frame, org, listed.event_type))
        yield piece.row_numbers(), piece.frame.with_columns(ids.alias("event.id"))
        if piece.first_row + piece.rows > last:
            return


def _batch(org: str, listed: ListedFile, parts: Sequence[pl.DataFrame]) -> Batch:
    """`parts`: the wanted rows of each piece, with `event.id`, all of one schema; at least one, if only an empty one."""
    return Batch(
        org=org,
        source=SERVICE,
        event_type=listed.event_type,
        frame=pl.concat(parts),
        input=listed.id,
    )
