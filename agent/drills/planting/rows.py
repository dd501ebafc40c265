"""The batches of a drill."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from agent.drills.planting.cast import drill_staff
from agent.drills.planting.disguise import Disguise
from agent.drills.planting.log_files import log_file_rows
from agent.drills.planting.real_time import real_time_rows
from agent.drills.planting.records import record_rows
from agent.drills.planting.scenario import DrillScenario, PlantedBatch
from agent.drills.planting.script import script
from agent.simulator.rows.block import Tenant
from agent.simulator.world.record_id import short_id


def planted(scenario: DrillScenario, drill: str, now: datetime) -> list[PlantedBatch]:
    """What sources would have read of the scenario, had it just come to its end.

    `drill`: the drill's id, of which users, sessions, ids and addresses are made; `now`: with a time zone.
    """
    disguise = Disguise(drill)
    staff = drill_staff(disguise.tag)
    played = script(scenario.name, staff, disguise.number, now)
    tenant = Tenant(short_id("Organization", 1), "drill.my.salesforce.example", staff)
    batches = [*record_rows(played, tenant.org_long), *log_file_rows(played, tenant), *real_time_rows(played, tenant)]
    return [replace(batch, frame=disguise.worn(batch.frame, batch.event_type)) for batch in batches]
