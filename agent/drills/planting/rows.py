"""The batches of a drill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from agent.drills.planting.cast import drill_staff
from agent.drills.planting.disguise import Disguise
from agent.drills.planting.log_files import log_file_rows
from agent.drills.planting.real_time import real_time_rows
from agent.drills.planting.records import record_rows
from agent.drills.planting.reports import REPORTED, report_rows
from agent.drills.planting.scenario import DrillScenario, PlantedBatch
from agent.drills.planting.script import script
from agent.simulator.rows.block import Tenant
from agent.simulator.world.record_id import short_id


def planted(scenario: DrillScenario, drill: str, now: datetime) -> list[PlantedBatch]:
    """What sources would have read of the scenario, had it just come to its end.

    `drill`: the drill's id, of which users, sessions, ids and addresses are made; `now`: with a time zone.
    """
    disguise = Disguise(drill)
    name = scenario.name
    batches = report_rows(name, disguise.tag, now) if name in REPORTED else _played(name, disguise, now)
    return [replace(batch, frame=disguise.worn(batch.frame, batch.event_type)) for batch in batches]


def _played(name: str, disguise: Disguise, now: datetime) -> Iterator[PlantedBatch]:
    """Changes first: what is granted comes before what is done with it also where both are of one moment."""
    staff = drill_staff(disguise.tag)
    played = script(name, staff, disguise.number, now)
    tenant = Tenant(short_id("Organization", 1), "drill.my.salesforce.example", staff)
    yield from record_rows(played, tenant.org_long)
    yield from log_file_rows(played, tenant)
    yield from real_time_rows(played, tenant)
