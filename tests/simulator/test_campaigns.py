from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest

from agent.simulator.log_files.truth import read_truth
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.scenarios import PLAYABLE, SCENARIOS, play
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.networks import networks_of
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import DAY, Timetable, midnight
from agent.simulator.world.staff import Staff

START = midnight(date(2026, 6, 1))
STAFF = Staff(7, 80)


class CampaignRows:
    """What a campaign leaves in the files, in order of time."""

    def __init__(self, name: str, *, volume: float = 1.0, pace: float = 1.0, disguised: bool = False) -> None:
        window = (START, START + 60 * DAY)
        events, self.changes = play(
            [name], 7, STAFF, Timetable(7, STAFF), window, volume=volume, pace=pace, disguised=disguised
        )
        self.events = sorted(events, key=lambda event: event.time)

    def of(self, event_type: str, **cells: str) -> list[PlantedEvent]:
        """The rows of a type with these cells."""
        wanted = [event for event in self.events if event.event_type == event_type]
        return [event for event in wanted if all(event.cells.get(name) == value for name, value in cells.items())]

    def seconds(self) -> float:
        """From the first row to the last."""
        return (self.events[-1].time - self.events[0].time) / 1000


def seconds(rows: list[PlantedEvent]) -> list[float]:
    """From each row to the next."""
    return [(later.time - row.time) / 1000 for row, later in pairwise(rows)]


def total(rows: list[PlantedEvent], name: str = "ROWS_PROCESSED") -> int:
    return sum(int(row.cells[name]) for row in rows)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_takes_as_long_as_was_published(name: str) -> None:
    """Within two minutes, at its own pace and at half of it, and it says who published what and when."""
    scenario, length = CAMPAIGNS[name], CAMPAIGNS[name].span.total_seconds()
    share = 0.8 if name in ("unc6040_loader", "unc6040_script") else 0.95
    for pace in (1.0, 0.5):
        assert share * length <= CampaignRows(name, pace=pace).seconds() * pace <= length
    assert scenario.campaign and scenario.published
    assert all(address.startswith("https://") and day[:4].isdigit() for address, day in scenario.sources)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_in_disguise_nothing_is_on_a_list(name: str) -> None:
    """Addresses are those of ordinary networks, and no program or app is one that was published."""
    ordinary = [ip_network(network.cidr) for network in (*networks_of("visitor"), *networks_of("home"))]
    published, disguised = CampaignRows(name), CampaignRows(name, disguised=True)
    for event in disguised.events:
        address = ip_address(event.session.ip)
        assert any(address in network for network in ordinary if network.version == address.version)
    assert not {event.session.ip for event in published.events} & {event.session.ip for event in disguised.events}
    agents = {event.session.user_agent for event in disguised.events}
    assert not any(word in agent for agent in agents for word in ("python", "Python", "Fetcher", "Loader"))
    assert len(published.events) == len(disguised.events)


def test_salesloft_drift() -> None:
    """Four logins; Account, Contact and User counted in 13 seconds; three days later a job of which no row says deleted."""
    rows = CampaignRows("salesloft_drift")
    assert len(rows.of("Login")) == 4
    counts = [row for row in rows.of("RestApi") if row.cells["QUERY"].startswith("SELECT COUNT()")]
    assert [row.cells["ENTITY_NAME"] for row in counts] == ["Account", "Contact", "User", "Case", "Case"]
    assert seconds(counts)[:2] == [4, 9]
    (limits,) = [row for row in rows.of("RestApi") if row.cells["URI"].endswith("/limits/")]
    jobs = rows.of("BulkApi2")
    assert [row.cells["JOB_STATUS"] for row in jobs] == ["created", "inProgress", "complete"]
    assert jobs[0].time - limits.time > 3 * DAY
    (deleted,) = rows.of("RestApi", METHOD="DELETE")
    fetched = [row for row in rows.of("RestApi") if row.cells["URI"].endswith("/results")]
    assert deleted.time - fetched[-1].time == 24_000
    assert len(rows.of("ApiTotalUsage")) == len(rows.of("RestApi"))
    assert {row.cells["API_VERSION"] for row in rows.of("ApiTotalUsage")} == {"58.0"}


def test_gainsight() -> None:
    """A probe, then nothing for sixteen days, then three waves of 128,000 rows."""
    calls = CampaignRows("gainsight_tokens").of("RestApi")
    assert max(seconds(calls)) > 15.9 * 86_400
    assert total(calls) == 3 * 128_000 + 1
    assert {row.session.user_agent for row in calls} == {"Salesforce-Multi-Org-Fetcher/1.0"}


def test_klue() -> None:
    """A thousand queries in a quarter of an hour; or ten a minute for six hours, never a minute without one."""
    burst, steady = (CampaignRows(name).of("RestApi") for name in ("klue_burst", "klue_steady"))
    assert burst[0].cells["URI"] == "/services/data/v59.0/sobjects"
    assert len(burst) == 1_001
    assert len(steady) == 3_601
    assert max(seconds(steady)) < 60


def test_voice_phishing() -> None:
    """The app is approved, tried in small portions, then takes whole tables, all as the victim and within the hour."""
    loader, script = CampaignRows("unc6040_loader"), CampaignRows("unc6040_script")
    for rows in (loader, script):
        assert rows.changes[0].action == "insertApplication"
        assert rows.changes[0].time < rows.events[0].time
        assert len({event.session.user for event in rows.events}) == 1
        assert rows.events[0].session.kind == "person"
    tries = loader.of("API")
    assert total(tries) < 2_000
    assert {row.cells["REQUEST_ID"] for row in tries} <= {row.cells["REQUEST_ID"] for row in loader.of("ApiTotalUsage")}
    assert total(loader.of("BulkApi")) > 250_000
    assert tries[-1].time < loader.of("BulkApi")[0].time
    assert total(script.of("RestApi")) > 180_000
    assert {row.cells["CONNECTED_APP_NAME"] for row in script.of("ApiTotalUsage")} == {"My Ticket Portal"}


def test_guests() -> None:
    """One address in nine minutes; or five addresses in turn for four days, two hundred requests each day."""
    inspector, graphql = (
        CampaignRows("guest_inspector").of("AuraRequest"),
        CampaignRows("guest_graphql").of("AuraRequest"),
    )
    assert len(inspector) == 201
    assert len({row.session.ip for row in inspector}) == 1
    assert len({row.session.ip for row in graphql}) == 5
    assert len(graphql) == 800
    days = [(row.time - graphql[0].time) // DAY for row in graphql]
    assert [days.count(day) for day in range(4)] == [200, 200, 200, 200]


@pytest.mark.parametrize(
    ("name", "event_type", "column"),
    [
        ("salesloft_drift", "BulkApi2", "RECORDS_PROCESSED"), ("gainsight_tokens", "RestApi", "ROWS_PROCESSED"),
        ("klue_burst", "RestApi", "ROWS_PROCESSED"), ("klue_steady", "RestApi", "ROWS_PROCESSED"),
        ("unc6040_loader", "BulkApi", "ROWS_PROCESSED"), ("unc6040_script", "RestApi", "ROWS_PROCESSED"),
    ],
)  # fmt: skip
def test_at_half_volume_half_is_taken(name: str, event_type: str, column: str) -> None:
    """And the looking around is the same."""
    full, half = (total(CampaignRows(name, volume=volume).of(event_type), column) for volume in (1.0, 0.5))
    assert half == pytest.approx(full / 2, rel=0.04)


@pytest.mark.parametrize(("name", "asked"), [("guest_inspector", 120), ("guest_graphql", 800)])
def test_at_half_volume_guests_ask_half_as_often(name: str, asked: int) -> None:
    """Besides the scanner's tries."""
    full, half = (len(CampaignRows(name, volume=volume).of("AuraRequest")) for volume in (1.0, 0.5))
    assert full - half == asked / 2


def test_campaigns_are_played_by_name(make_org: Callable[..., SimulatedOrg]) -> None:
    """A simulated org of a day has all rows of those that are named, and none of the others."""
    names = list(CAMPAIGNS)
    org = make_org(scenarios=names, event_types=None, history=timedelta(hours=24), rows_per_day=500, daily_files=False)
    told = read_truth(org.truth)["scenario"].drop_nulls()
    assert set(told) == set(names)
    assert not set(SCENARIOS) & set(CAMPAIGNS)
    assert set(make_org(name="other", scenarios=None).scenarios()) == set(SCENARIOS)
    assert set(PLAYABLE) == set(SCENARIOS) | set(CAMPAIGNS) | set(CONFIGURATION)
