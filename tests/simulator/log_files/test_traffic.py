from __future__ import annotations

from collections import Counter
from datetime import date
from ipaddress import ip_address, ip_network

import polars as pl
import pytest

from agent.simulator.log_files.traffic import EVENT_TYPES, HIDDEN, Traffic
from agent.simulator.rows.block import Tenant
from agent.simulator.world.columns import layouts
from agent.simulator.world.networks import networks
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, midnight
from agent.simulator.world.staff import Staff

WEDNESDAY, SUNDAY = date(2026, 11, 18), date(2026, 11, 22)
WINDOW = (midnight(WEDNESDAY), midnight(WEDNESDAY) + DAY)


def _traffic(seed: int = 7, rows: int = 20_000, awkward: bool = False, people: int = 60) -> Traffic:
    tenant = Tenant(short_id("Organization", 812_345_678), "trading.example", Staff(seed, people))
    return Traffic(seed, rows, tenant, awkward_content=awkward)


@pytest.fixture(scope="module")
def day() -> dict[str, pl.DataFrame]:
    traffic = _traffic()
    return {event_type: traffic.rows(event_type, WINDOW) for event_type in EVENT_TYPES}


def test_there_are_many_event_types(day: dict[str, pl.DataFrame]) -> None:
    """At least forty have rows on a weekday."""
    assert sum(not frame.is_empty() for frame in day.values()) >= 40


def test_columns_stand_in_the_order_of_the_header(day: dict[str, pl.DataFrame]) -> None:
    """Every type has exactly its layout's columns, all text, none null."""
    for event_type, frame in day.items():
        cells = frame.drop(HIDDEN)
        assert tuple(cells.columns) == layouts()[event_type].names
        assert set(cells.dtypes) == {pl.String()}
        assert sum(cells.null_count().row(0)) == 0


def test_the_same_seed_gives_the_same_rows(day: dict[str, pl.DataFrame]) -> None:
    """And another seed others."""
    again, other = _traffic(), _traffic(seed=8)
    for event_type in ("RestApi", "Login", "Report", "AuraRequest"):
        assert again.rows(event_type, WINDOW).equals(day[event_type])
        assert not other.rows(event_type, WINDOW).equals(day[event_type])


def test_hours_together_are_the_day(day: dict[str, pl.DataFrame]) -> None:
    """Any window can be made alone and comes out the same."""
    traffic = _traffic()
    for event_type in ("RestApi", "Login", "ReportExport", "DatabaseSave"):
        hours = [traffic.rows(event_type, (start, start + HOUR)) for start in range(*WINDOW, HOUR)]
        assert pl.concat(hours).equals(day[event_type])


def test_a_login_comes_before_what_is_done_with_it(day: dict[str, pl.DataFrame]) -> None:
    """Each session that an integration or person uses began with a Login row of the same keys and user."""
    logins = day["Login"].filter(pl.col("LOGIN_STATUS") == "LOGIN_NO_ERROR")
    began = logins.select("LOGIN_KEY", "USER_ID", "SESSION_KEY", "SOURCE_IP", began="_time")
    for event_type in ("RestApi", "Report", "LightningPageView", "URI"):
        joined = day[event_type].join(began, on=["LOGIN_KEY", "SESSION_KEY", "USER_ID"], how="left")
        assert joined["began"].null_count() == 0
        assert (joined["_time"] >= joined["began"]).all()
        same = joined.filter(pl.col("CLIENT_IP") == pl.col("SOURCE_IP"))
        assert same.height > 0.8 * joined.height  # telephones and tunnels change theirs


def test_ids_are_valid_in_both_lengths(day: dict[str, pl.DataFrame]) -> None:
    """The long form is the short one with its suffix."""
    frame = day["Report"]
    for short, long in (("USER_ID", "USER_ID_DERIVED"), ("REPORT_ID", "REPORT_ID_DERIVED")):
        assert all(
            long_id(short_form) == long_form for short_form, long_form in frame.select(short, long).unique().rows()
        )
    assert (frame["ORGANIZATION_ID"].str.len_chars() == 15).all()


def test_a_report_export_shares_its_request_with_a_report(day: dict[str, pl.DataFrame]) -> None:
    """The two rows tell of one request: the report id is in the export's URI."""
    joined = day["ReportExport"].join(day["Report"], on="REQUEST_ID", how="left", suffix="_run")
    assert joined.height > 0
    assert (joined["ORIGIN"] == "ReportExported").all()
    assert (joined["URI"] == "/" + joined["REPORT_ID"]).all()


def test_the_account_of_calls_agrees_with_the_calls(day: dict[str, pl.DataFrame]) -> None:
    """ApiTotalUsage has the requests of RestApi."""
    assert set(day["ApiTotalUsage"]["REQUEST_ID"]) == set(day["RestApi"]["REQUEST_ID"])


def test_values_vary(day: dict[str, pl.DataFrame]) -> None:
    """People, addresses, clients, times and sizes are not the same everywhere."""
    rest, views = day["RestApi"], day["LightningPageView"]
    for frame, name, least in (
        (rest, "ROWS_PROCESSED", 200), (rest, "USER_AGENT", 5), (rest, "CLIENT_IP", 6), (rest, "URI", 200),
        (views, "USER_ID", 20), (views, "CLIENT_IP", 20), (views, "PAGE_URL", 100),
    ):  # fmt: skip
        assert frame[name].n_unique() >= least, name


def test_addresses_belong_to_the_networks(day: dict[str, pl.DataFrame]) -> None:
    """Every address can be found in the list an address database is made of, and is a public one."""
    known = [ip_network(network.cidr) for network in networks()]
    for address in day["LightningPageView"]["CLIENT_IP"].unique():
        parsed = ip_address(address)
        assert parsed.is_global
        assert any(parsed in network for network in known if network.version == parsed.version)


def test_people_rest_at_weekends_and_integrations_do_not() -> None:
    """Sunday has far fewer page views and as many API calls."""
    traffic, sunday = _traffic(), (midnight(SUNDAY), midnight(SUNDAY) + DAY)
    assert traffic.rows("LightningPageView", sunday).height < 0.6 * traffic.rows("LightningPageView", WINDOW).height
    assert traffic.rows("RestApi", sunday).height > 0.9 * traffic.rows("RestApi", WINDOW).height


def test_people_work_by_day(day: dict[str, pl.DataFrame]) -> None:
    """Far fewer pages are seen between 01:00 and 03:00 UTC than between 14:00 and 16:00."""
    hours = Counter((day["LightningPageView"]["_time"] // HOUR % 24).to_list())
    assert hours[1] + hours[2] < 0.2 * (hours[14] + hours[15])


def test_some_rows_are_alike_to_the_last_cell(day: dict[str, pl.DataFrame]) -> None:
    """They are events of their own, with ids of their own."""
    frame = day["AuraRequest"]
    assert frame.drop(HIDDEN).is_duplicated().any()
    assert frame["_id"].n_unique() == frame.height


def test_awkward_content_is_sprinkled_in() -> None:
    """Quotes, line ends, huge cells, odd times and addresses turn up among a few thousand rows."""
    traffic = _traffic(rows=120_000, awkward=True)
    rest, plain = traffic.rows("RestApi", WINDOW), _traffic(rows=120_000).rows("RestApi", WINDOW)
    assert rest.height == plain.height
    assert rest["_id"].equals(plain["_id"])
    agents = rest["USER_AGENT"]
    assert agents.str.starts_with('"').any()
    assert agents.str.contains("\n").any()
    assert agents.str.contains("CEF:0|", literal=True).any()
    assert agents.str.contains("日本語").any()
    assert (rest["QUERY"].str.len_bytes() > 131_072).sum() >= 1
    assert (rest["TIMESTAMP_DERIVED"] == "").any()
    assert (rest["TIMESTAMP"].str.len_chars() == 14).any()
    assert (rest["USER_ID_DERIVED"] == "").any()
    assert (rest["BOT_ID"] == " ").any()
    assert (rest["CLIENT_IP"] == "").any()
    assert rest["CLIENT_IP"].is_in(["Salesforce.com IP"]).any()
    assert traffic.rows("URI", WINDOW)["CLIENT_IP"].str.contains(":", literal=True).any()
