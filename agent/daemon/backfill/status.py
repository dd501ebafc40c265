"""How far the backfills of all orgs are, by what the state says of them."""

from __future__ import annotations

from agent.errors import SourceError
from agent.model import Cursor
from agent.sources.history.history import SOURCE
from agent.sources.history.job import JOB, BackfillJob, HistoryPosition
from agent.sources.object_query.span import moment
from agent.sources.source_name import source_name
from agent.status.backfill import BackfillStatus
from agent.store import keys
from agent.store.queue.status import Shards
from agent.store.state import State


def stored_backfills(shards: Shards) -> list[BackfillStatus]:
    """The last one of each org that ever had any; one that cannot be read is left out: it is told when it is read."""
    found = (stored_backfill(org, stores.state) for org, stores in shards.items() if org)
    return [status for status in found if status is not None]


def stored_backfill(org: str, state: State) -> BackfillStatus | None:
    """The last one of an org; None where there was none."""
    source = source_name(org, SOURCE)
    try:
        job = BackfillJob.decode(state.data(keys.MEMORY.key(source, JOB)))
        if job is None:
            return None
        text = state.text(keys.CURSOR.key(source))
        position = HistoryPosition.of(Cursor(text) if text is not None else None, job.id)
    except SourceError:
        return None
    return status_of(org, job, position)


def status_of(org: str, job: BackfillJob, position: HistoryPosition) -> BackfillStatus:
    slices = job.slices
    reached = slices[position.slice].start if position.slice < len(slices) else job.until
    return BackfillStatus(
        org=org,
        state=job.state,
        since=moment(job.since),
        until=moment(job.until),
        day=moment(reached),
        rows=position.rows,
        rows_expected=job.rows,
        calls=position.calls,
        calls_expected=job.calls,
    )
