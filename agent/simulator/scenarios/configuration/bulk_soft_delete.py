"""A person deletes thousands of records at once: they are in the recycle bin, and for everybody else they are not there."""

from __future__ import annotations

from agent.simulator.records.invoices import ENTITY
from agent.simulator.world.actions import call
from agent.simulator.world.clients import Client
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

BASE = "/services/data/v62.0"
BY_REST = 12
"""Calls of up to 200 records each."""
BY_JOB = 24_500
KEPT = 60
"""Of the deleted records, so many are in `Invoice__c` here."""


def plant(stage: Stage) -> None:
    """First by REST, 200 at a time, then a bulk job; the invoices were written a day before or as early as the stage allows."""
    person = stage.person("Finance", "US")
    start = stage.at_hour(16) + 2 * 60_000
    session = stage.session(person, start, 35, stage.own_address(person, home=True), Client("Salesforce CLI/2.60"))
    stage.login(session)
    for number in range(BY_REST):
        path = f"{BASE}/composite/sobjects"
        call(stage, session, 60 + number * 9, "DELETE", path, ENTITY, "", 200)
    _job(stage, session.start)
    for event_type, seconds, state in (("BulkApi2", 240, "UploadComplete"), ("BulkApi2", 330, "JobComplete")):
        job = long_id(short_id("Job", 833_000 + stage.seed % 50))
        done = state == "JobComplete"
        stage.leave(
            event_type, session, seconds, URI=f"{BASE}/jobs/ingest/{job}", URI_ID_DERIVED=job, JOB_ID=job,
            OPERATION_TYPE="delete", ENTITY_TYPE=ENTITY, JOB_STATUS=state, RECORDS_FAILED="0",
            RECORDS_PROCESSED=str(BY_JOB if done else 0), RESULT_SIZE_MB="0",
        )  # fmt: skip


def _job(stage: Stage, start: int) -> None:
    """The invoices that are here: written, and deleted in a minute and a half."""
    owner = long_id(stage.staff.of("admin")[0].id)
    written = max(stage.window[0] + 1000, start - 20 * 3_600_000) // 1000 * 1000
    for number in range(KEPT):
        values = {
            "Name": f"INV-OLD-{number:03d}", "OwnerId": owner, "CreatedById": owner, "LastModifiedById": owner,
            "Customer__c": f"Customer {number}", "Amount__c": 100.0 + number, "Status__c": "Paid", "CreatedDate": written,
        }  # fmt: skip
        ident = stage.ident(ENTITY, number)
        stage.keep(0, written, ENTITY, ident, values)
        stage.keep(240 + number * 1.5, start, ENTITY, ident, None)


SCENARIO = Scenario(
    "bulk_soft_delete",
    "a person deletes 27,000 invoices by REST and by a bulk job",
    plant,
    signals=("BulkApi2: OPERATION_TYPE delete with many RECORDS_PROCESSED",),
    patterns=("DELETE calls of one account within minutes", "many records of one object with IsDeleted at once"),
)
