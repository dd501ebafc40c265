"""What goes wrong with data that is kept in step with other systems, as log files tell of it."""

from __future__ import annotations

from collections.abc import Callable

from agent.simulator.world.actions import BASE, call
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.stage import Stage

DELETED = 48_000
REFUSALS = 40
_REFUSED = "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."


def hard_delete(stage: Stage) -> None:
    """A load tool's account deletes a table in a bulk job, past the recycle bin."""
    session = stage.session(stage.staff.of("integration")[2], stage.at_hour(9), 20, stage.address("cloud", 0))
    stage.login(session)
    job = long_id(short_id("Job", 870_000))
    for state, seconds in (("UploadComplete", 60), ("InProgress", 90), ("JobComplete", 420)):
        done = state == "JobComplete"
        stage.leave(
            "BulkApi2", session, seconds, URI=f"{BASE}/jobs/ingest/{job}", URI_ID_DERIVED=job, JOB_ID=job,
            OPERATION_TYPE="hardDelete", ENTITY_TYPE="Contact", JOB_STATUS=state, RECORDS_FAILED="0",
            RECORDS_PROCESSED=str(DELETED if done else 0), RESULT_SIZE_MB="0",
        )  # fmt: skip


def allowance_used_up(stage: Stage) -> None:
    """A synchronisation writes on while the org refuses its calls: those of the day are used up."""
    session = stage.session(stage.staff.of("integration")[0], stage.at_hour(9), 20, stage.address("cloud", 0))
    stage.login(session)
    for number in range(REFUSALS):
        call(stage, session, 60 + number * 9, "PATCH", f"{BASE}/composite/sobjects", "Account", STATUS_CODE="403", EXCEPTION_MESSAGE=_REFUSED)  # fmt: skip


SYNC_SCENES: dict[str, Callable[[Stage], None]] = {
    "records_hard_deleted": hard_delete,
    "api_allowance_used_up": allowance_used_up,
}
"""By name."""
