"""A batch of few rows and one of many are enriched in different ways, and nobody can tell which it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.columns.timestamp import TIME
from agent.enrichment.address_database import write_mmdb
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from tests.enrichment.geo_network import GeoNetwork

ADA, ROBOT = "005A00000012345AAA", "005B00000000001AAA"
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ADDRESSES = ["22.40.8.1", "29.31.0.7", "10.0.0.1", "2001:db8::1", "176.65.132.2", "no address"]

CELLS: dict[str, st.SearchStrategy[Any]] = {
    "EVENT_TYPE": st.sampled_from(["RestApi", "Login", "LoginEvent"]),
    "CLIENT_NAME": st.sampled_from(["MuleSoft/10", "Data Loader", "x" * 2_001, "\x1fcurl/", ""]),
    "CONNECTED_APP_NAME": st.sampled_from(["Warehouse", "My Ticket Portal", "Salesforce Data Loader", "x" * 501]),
    "CONNECTED_APP_ID": st.sampled_from(["0H4000000000001", "0H4000000000002AAB", "888000000000001"]),
    "LOGIN_STATUS": st.sampled_from(["LOGIN_NO_ERROR", "LOGIN_ERROR_INVALID_PASSWORD"]),
    "user.id": st.sampled_from([ADA, ROBOT, "005C00000000001AAA"]),
    "user.name": st.sampled_from(["ada@typed.example", "eve@example.com"]),
    "user.target.id": st.sampled_from([ADA, ROBOT]),
    "source.ip": st.sampled_from(ADDRESSES[:-1]),
    "source.address": st.sampled_from(ADDRESSES),
    "related.ip": st.lists(st.sampled_from(ADDRESSES[:-1]), max_size=3),
    "user_agent.original": st.sampled_from(["python-requests/2.32.3", "AHC/2.1", "é" * 2_001, "Chrome/148.0.0.0"]),
    "@timestamp": st.sampled_from([NOON, NOON + timedelta(days=30)]),
}
TYPES: dict[str, pl.DataType] = {"related.ip": pl.List(pl.String()), "@timestamp": TIME}


def users(ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    people = {
        ADA: {"Username": "ada@example.com", "Name": "Ada", "Profile.Name": "Standard User"},
        ROBOT: {"Username": "mulesoft@example.com", "Name": "MuleSoft", "Profile.Name": "API Only"},
    }
    return {user_id: people[user_id] for user_id in ids if user_id in people}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> EnrichmentData:
    folder: Path = tmp_path_factory.mktemp("lists")
    write_mmdb(folder / "a.mmdb", [GeoNetwork("22.40.8.0/24"), GeoNetwork("29.31.0.0/24", "RO", "Romania", asn=64511)])
    (folder / "hosting.txt").write_text("AS64511\n")
    (folder / "leavers.csv").write_text("username,last day\nada@example.com,2026-07-20\n")
    (folder / "bad.csv").write_text(
        "value,kind,source,added,expires,campaign\n"
        "22.40.8.1,address,us,2026-01-01,,One\n"
        "AS64511,as,us,2026-01-01,2026-07-15,Two\n"
        "Warehouse,app,us,2026-01-01,,\n"
        "python-requests,user_agent,us,2026-01-01,,\n"
    )
    return EnrichmentData(
        EnrichSettings.model_validate(
            {
                "databases": [str(folder / "a.mmdb")],
                "integration_users": ["mulesoft@*"],
                "expected_networks": {"mulesoft@*": ["22.40.8.0/24"]},
                "corporate_networks": ["22.40.8.0/24"],
                "anonymizer_lists": [str(folder / "hosting.txt")],
                "leavers": str(folder / "leavers.csv"),
                "approved_apps": ["Warehouse = 0H4000000000001", "My Ticket *"],
                "time_zone": "America/Chicago",
                "indicators": [str(folder / "bad.csv")],
            }
        )
    )


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 5))
    names = draw(st.lists(st.sampled_from(list(CELLS)), unique=True, min_size=1))
    return pl.DataFrame(
        [
            pl.Series(
                name,
                draw(st.lists(st.none() | CELLS[name], min_size=height, max_size=height)),
                dtype=TYPES.get(name, pl.String()),
            )
            for name in names
        ]
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=frames())
def test_few_rows_and_many_are_told_the_same(data: EnrichmentData, frame: pl.DataFrame) -> None:
    """The rows of a frame as long as the limit are enriched as they are in a frame that is one longer."""
    longer = frame[pl.Series([row % frame.height for row in range(SMALL + 1)])]
    many, few = (
        Enricher(data, users=users, applications=lambda ids: dict.fromkeys(ids, "Warehouse Sync")).enrich(rows)
        for rows in (longer, longer[:SMALL])
    )
    assert few.schema == many.schema
    assert few.equals(many[:SMALL])
