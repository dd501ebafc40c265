"""The rows that drills plant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import polars as pl
import pytest

from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.planting.rows import planted
from agent.drills.planting.scenario import DrillScenario, PlantedBatch
from agent.simulator.world.record_id import long_id
from agent.simulator.world.staff import Staff
from tests.drills.planting.drilled_shard import DrilledShard, processing, rows_of, values

NOW = datetime(2026, 11, 29, 0, 20, 0, 500_000, tzinfo=UTC)
ACTORS = ("USER_ID", "USER_ID_DERIVED", "UserId", "CreatedById", "AssigneeId", "SalesforceUserId")
NAMES = ("USER_NAME", "Username", "CreatedBy.Username", "Assignee.Username", "user")
SESSIONS = ("SESSION_KEY", "LOGIN_KEY", "SessionKey", "LoginKey")
ADDRESSES = ("SOURCE_IP", "CLIENT_IP", "SourceIp", "source_ip", "CurrentIp", "PreviousIp")

each = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())


def rows(batches: list[PlantedBatch]) -> int:
    return sum(batch.frame.height for batch in batches)


@each
def test_two_drills_share_nobody(scenario: DrillScenario) -> None:
    """No user, name, session, address or event of one is in another, though both play the same."""
    first, second = rows_of(scenario, "drill-1", NOW), rows_of(scenario, "drill-2", NOW)
    assert values(first, ACTORS + NAMES)
    for names in (ACTORS, NAMES, SESSIONS, ADDRESSES, ("event.id",)):
        assert not values(first, names) & values(second, names)
    assert rows(first) == rows(second)


@each
def test_rows_are_raw_and_few(scenario: DrillScenario) -> None:
    """All cells are text, none is empty text, each row has an id of its own, and there are as few as a rule needs."""
    batches = rows_of(scenario, "drill-1", NOW)
    for batch in batches:
        assert set(batch.frame.dtypes) == {pl.String()}
        assert all((batch.frame[name] != "").all() for name in batch.frame.columns)
        assert batch.frame.height
    assert len(values(batches, ("event.id",))) == rows(batches) <= 2_500


@each
def test_names_and_addresses_are_nobodys(scenario: DrillScenario) -> None:
    """People are of drill.invalid, addresses of the network for documentation, and none of the simulated org's is left."""
    batches = rows_of(scenario, "drill-1", NOW)
    assert all(name.endswith("@drill.invalid") for name in values(batches, NAMES))
    documentation = ip_network("2001:db8::/32")
    assert all(ip_address(address) in documentation for address in values(batches, ADDRESSES))
    everything = "\n".join(map(str, values(batches, [name for batch in batches for name in batch.frame.columns])))
    for user in Staff(7, 60).users:
        assert user.name not in everything
        assert user.username not in everything
        assert user.id not in everything


@each
def test_it_ends_just_before_now(scenario: DrillScenario) -> None:
    """The last row is a few seconds old, and none lies in the future."""
    times = [time for batch in rows_of(scenario, "drill-1", NOW) for time in times_of(batch)]
    assert timedelta(seconds=2) < NOW - max(times) < timedelta(seconds=10)
    assert NOW - min(times) < timedelta(hours=6)


def times_of(batch: PlantedBatch) -> list[datetime]:
    """As the shipped mappings read them; none is unreadable."""
    shard = DrilledShard(processing())
    return list(shard.prepared(batch)["@timestamp"].to_list())


def test_ids_keep_their_form() -> None:
    """An id of 18 characters is the long form of 15, with its object's prefix; the two forms of one id stay one."""
    batches = rows_of(SCENARIOS["mass_report_export"], "drill-1", NOW)
    exported = next(batch.frame for batch in batches if batch.event_type == "Report")
    for short, long in exported.select("REPORT_ID", "REPORT_ID_DERIVED").iter_rows():
        assert short.startswith("00O")
        assert long == long_id(short)
    assert exported["REPORT_ID"].n_unique() == 12


def test_the_same_drill_is_planted_alike() -> None:
    """After a crash it can be planted again, and its rows are known."""
    first, again = (planted(SCENARIOS["klue_burst"], "drill-1", NOW) for _ in range(2))
    assert values(first, ("event.id",)) == values(again, ("event.id",))
    assert all(before.frame.equals(after.frame) for before, after in zip(first, again, strict=True))
