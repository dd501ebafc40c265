"""A synchronisation stops working: its jobs fail one after another, its calls are refused, its logins fail."""

from __future__ import annotations

from agent.simulator.world.actions import BASE, call, fail_login
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

JOBS = 10
REFUSALS = 25
LOGINS = 8
REASON = "InvalidBatch : Field name not found : Region__c"


def plant(stage: Stage) -> None:
    """Ten jobs within half an hour, and what follows when the org has had enough of it."""
    user = next(candidate for candidate in stage.staff.of("integration") if candidate.client.username == "informatica")
    ip = user.office.address(10) if user.office else stage.address("cloud", 0)
    session = stage.session(user, stage.at_hour(9) + 6 * 60_000, 50, ip)
    stage.login(session)
    for number in range(JOBS):
        job = long_id(short_id("Job", 960_000 + number))
        stage.leave(
            "BulkApi2", session, 30 + number * 170, JOB_ID=job, URI=f"/services/data/v66.0/jobs/ingest/{job}",
            OPERATION_TYPE="upsert", JOB_STATUS="failed", ENTITY_TYPE=("Account", "Contact")[number % 2],
            RECORDS_PROCESSED="0", RECORDS_FAILED=str(stage.number(200, 900, number)), ERROR_MESSAGE=REASON,
        )  # fmt: skip
    for number in range(REFUSALS):
        call(stage, session, 1_800 + number * 8, "PATCH", f"{BASE}/composite/sobjects", "Account", STATUS_CODE="403")
    for number in range(LOGINS):
        fail_login(stage, session, 2_100 + number * 60, "LOGIN_ERROR_INVALID_PASSWORD")


SCENARIO = Scenario(
    "sync_failure",
    "a synchronisation's jobs fail one after another, then its calls are refused",
    plant,
    signals=("BulkApi2: JOB_STATUS failed", "RestApi: STATUS_CODE 403 for an integration"),
    patterns=("several failed jobs of one integration within an hour", "many refusals of one integration"),
)
