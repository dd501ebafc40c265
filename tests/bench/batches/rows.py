"""Rows of all event types from the simulated org, and what its administrator would write into the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from agent.columns.record_id import to_long
from agent.demo.enrichment import enrichment
from agent.simulator.log_files.traffic import EVENT_TYPES, Traffic
from agent.simulator.org.user_record import user_record
from agent.simulator.rows.block import Tenant
from agent.simulator.world.columns import layouts
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, midnight
from agent.simulator.world.simulator_settings import PEOPLE
from agent.simulator.world.staff import Staff

ORG = short_id("Organization", 812_345_678)
HOST = "trading.my.salesforce.example"
DATE = date(2026, 3, 4)
SEED, ROWS_A_DAY = 7, 120_000


def write_rows(folder: Path, count: int, event_types: Sequence[str] = EVENT_TYPES) -> None:
    """For each event type `<type>.arrow`: up to `count` rows of a day in the order of time, cells as a source gives them
    (`String`, null for an empty one). Beside them `known.json`, who is behind the ids, and `enrich.json`, the settings.
    """
    folder.mkdir()
    staff = Staff(SEED, PEOPLE)
    traffic = Traffic(SEED, ROWS_A_DAY, Tenant(ORG, HOST, staff), awkward_content=True)
    window = midnight(DATE), midnight(DATE) + DAY
    for event_type in event_types:
        rows = traffic.rows(event_type, window).head(count).select(layouts()[event_type].names)
        if rows.height:
            rows.with_columns(pl.all().replace("", None)).write_ipc(folder / f"{event_type}.arrow")
    (folder / "known.json").write_text(json.dumps(_known(staff)))
    (folder / "enrich.json").write_text(json.dumps(enrichment(folder, staff, DATE)))


def _known(staff: Staff) -> Mapping[str, Mapping[str, Any]]:
    """Ids of 15 and of 18 characters to users' fields, and to names of apps."""
    users = {long_id(user.id): user_record(user, "") for user in staff.users}
    applications = {app.id: app.name for app in staff.applications.values()}
    return {
        "users": {**users, **{ident[:15]: record for ident, record in users.items()}},
        "applications": applications | {to_long(pl.Series([ident]))[0]: name for ident, name in applications.items()},
    }
