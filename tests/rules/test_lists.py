"""Each list that settings may name raises alerts on every source that can carry it, or silences them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl
import pytest
import yaml

from agent.assembly.batch_processing import build_processing
from agent.config.settings import RuleSettings, Settings
from agent.enrichment.address_database import write_mmdb
from agent.enrichment.settings import EnrichSettings
from agent.model import Batch
from tests.enrichment.geo_network import GeoNetwork

NOW = datetime(2026, 7, 2, tzinfo=UTC)
LONG_AGO = "2026-07-01T10:00:00.000Z"
ORG = "00D000000000001EAA"
PERSON, ROBOT = "005A00000012345AAA", "005B00000000001AAA"
HOME, LISTED, OPERATED, HIDING, OFFICE = "22.40.8.1", "22.40.9.7", "29.31.0.7", "22.41.0.9", "22.42.0.9"
"""Addresses: somebody's, one on a list, one of a listed AS, one of an anonymiser, one of the organisation's."""
APP = "0H4000000000001"


class Carrier(NamedTuple):
    """A source's row, and which of its columns can hold what lists speak of; None: none can."""

    service: str
    event_type: str
    row: Mapping[str, str]
    user: str
    address: str | None = None
    forwarded: str | None = None
    agent: str | None = None
    app: str | None = None
    app_name: str | None = None

    def __str__(self) -> str:
        return f"{self.service}-{self.event_type}"


def log_file(event_type: str, address: str = "CLIENT_IP", **columns: str | None) -> Carrier:
    row = {"EVENT_TYPE": event_type, "TIMESTAMP_DERIVED": LONG_AGO, "ORGANIZATION_ID": ORG}
    row |= {"LOGIN_STATUS": "LOGIN_NO_ERROR"} if event_type == "Login" else {}
    return Carrier("event_log_file", event_type, row, "USER_ID_DERIVED", address, **columns)


def streamed(service: str, event_type: str, user: str = "UserId", **columns: str | None) -> Carrier:
    row = {"EventType": event_type, "EventDate": LONG_AGO}
    row |= {"Status": "Success"} if "Login" in event_type else {}
    return Carrier(service, event_type, row, user, "SourceIp", **columns)


CARRIERS = (
    log_file("Login", "SOURCE_IP", forwarded="FORWARDED_FOR_IP", agent="BROWSER_TYPE"),
    log_file("RestApi", agent="USER_AGENT", app="CONNECTED_APP_ID"),
    log_file("API", agent="USER_AGENT"),
    log_file("BulkApi2", agent="USER_AGENT"),
    log_file("ApiTotalUsage", agent="CLIENT_NAME", app="CONNECTED_APP_ID", app_name="CONNECTED_APP_NAME"),
    log_file("URI", agent="USER_AGENT"),
    log_file("AuraRequest", agent="USER_AGENT"),
    log_file("ReportExport", agent="CLIENT_INFO"),
    log_file("ContentTransfer", agent="USER_AGENT"),
    log_file("LightningPageView", agent="USER_AGENT"),
    log_file("UniqueQuery"),
    log_file("GraphQLQuery", agent="USER_AGENT"),
    streamed("real_time_event_monitoring", "ApiEvent", agent="UserAgent", app="ConnectedAppId", app_name="Application"),
    streamed("real_time_event_monitoring", "LoginEvent", agent="Browser", app_name="Application"),
    streamed("real_time_event_monitoring", "ReportEvent"),
    streamed("real_time_event_monitoring", "ListViewEvent"),
    streamed("event_log_object", "RestApiEventLog", "UserIdentifier", agent="UserAgent", app="ConnectedAppIdentifier"),
    streamed("event_log_object", "LoginEventLog", "UserIdentifier", agent="BrowserType"),
    Carrier(
        "login_history",
        "LoginHistory",
        {"LoginTime": LONG_AGO, "Status": "Success"},
        "UserId",
        "SourceIp",
        agent="Browser",
        app_name="Application",
    ),
    Carrier("setup_audit_trail", "SetupAuditTrail", {"CreatedDate": LONG_AGO, "Action": "insertUser"}, "CreatedById"),
)


def carriers(*columns: str) -> pytest.MarkDecorator:
    """Those that have all of these columns."""
    having = [carrier for carrier in CARRIERS if all(getattr(carrier, column) for column in columns)]
    return pytest.mark.parametrize("carrier", having, ids=str)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("lists")
    write_mmdb(folder / "a.mmdb", [GeoNetwork("29.31.0.0/24", "RO", "Romania", asn=64511), GeoNetwork("22.40.0.0/13")])
    texts = {
        "indicators.csv": "value,kind,source,added\n"
        f"{LISTED},address,us,2026-06-01\nAS64511,as,us,2026-06-01\n22.40.10.0/24,network,us,2026-06-01\n"
        "badtool,user_agent,us,2026-06-01\nslowlib/2,library,us,2026-06-01\nPhone App,app,us,2026-06-01\n",
        "indicators.yaml": yaml.safe_dump(
            {"source": "us", "added": "2026-06-01", "indicators": [{"value": "22.40.11.1", "kind": "address"}]}
        ),
        "tor.txt": f"{HIDING}\n",
        "leavers.csv": f"id,last_day\n{PERSON},2026-06-20\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {
        "databases": [str(folder / "a.mmdb")],
        "indicators": [str(folder / "indicators.csv"), str(folder / "indicators.yaml")],
        "anonymizer_lists": [str(folder / "tor.txt")],
        "leavers": str(folder / "leavers.csv"),
        "corporate_networks": ["22.42.0.0/24"],
        "integration_users": [ROBOT],
        "expected_networks": {ROBOT: ["22.40.8.0/24"]},
        "approved_apps": [APP],
    }


@pytest.fixture(scope="module")
def listing_settings(lists: dict[str, Any]) -> Settings:
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "NOT_ASKED"}}
    return Settings.model_validate(
        {
            "orgs": [{"name": "a", "url": "https://a.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "name": "f", "directory": "/nowhere"}],
            "enrich": EnrichSettings.model_validate(lists),
            "rules": RuleSettings.model_validate({"placeholders": {"BadAddresses": ["22.40.12.1"]}}),
        }
    )


@pytest.fixture(scope="module")
def alerts(listing_settings: Settings) -> Any:
    """The names of the rules that alert on one raw row."""

    def raised(carrier: Carrier, **cells: str | None) -> set[str]:
        # Rules remember whom they told of: each row meets new ones.
        steps = processing.steps()
        row = {**carrier.row, **{getattr(carrier, column): cell for column, cell in cells.items()}}
        frame = pl.DataFrame({**{name: [cell] for name, cell in row.items()}, "event.id": ["1"]})
        batch = Batch(ORG, carrier.service, carrier.event_type, frame.cast(pl.String))
        prepared = steps.prepare(batch)
        detection = steps.detect(batch, prepared, steps.match(batch, prepared), NOW)
        return set(detection.alerts["rule.name"]) if detection.alerts.height else set()

    processing = build_processing(listing_settings)
    assert not processing.problems
    return raised


TITLES = {
    "campaign_address": "Address published as part of a campaign",
    "listed_program": "Program on a list of indicators",
    "campaign_tool": "Tool seen only in campaigns against Salesforce orgs",
    "campaign_library": "Library used in token theft campaigns",
    "campaign_app": "Connected app named as in a campaign",
    "leaver_after_last_day": "Activity of somebody whose last day is over",
    "integration_unexpected_network": "Integration calling from a network that is not its own",
    "unapproved_app_activity": "Activity of a connected app that is not approved",
}
THROUGH = {"Activity through an anonymising network", "Sign-in through an anonymising network"}


@carriers("address")
@pytest.mark.parametrize(
    "address",
    [LISTED, OPERATED, "22.40.10.9", "22.40.11.1", "22.40.12.1"],
    ids=["address", "as", "network", "yaml", "BadAddresses"],
)
def test_listed_addresses_alert_on_every_source(alerts: Any, carrier: Carrier, address: str) -> None:
    """By themselves, their operator or their network; from CSV, from YAML and from the placeholder."""
    assert TITLES["campaign_address"] in alerts(carrier, address=address)
    assert TITLES["campaign_address"] not in alerts(carrier, address=HOME)


@carriers("address")
@pytest.mark.parametrize("address", ["208.68.36.90", "3.239.45.43", "94.154.32.160", "103.75.11.78"])
def test_shipped_addresses_alert_on_every_source(alerts: Any, carrier: Carrier, address: str) -> None:
    """Of each campaign one."""
    assert TITLES["campaign_address"] in alerts(carrier, address=address)


@carriers("address", "forwarded")
def test_a_listed_address_in_a_forwarded_for_value_alerts(alerts: Any, carrier: Carrier) -> None:
    """Also behind others, and where Salesforce names itself as the client; the rules that free look elsewhere."""
    assert TITLES["campaign_address"] in alerts(carrier, address=HOME, forwarded=LISTED)
    assert TITLES["campaign_address"] in alerts(carrier, address=HOME, forwarded=f"{HOME}, {LISTED}")
    assert THROUGH & alerts(carrier, address=HOME, forwarded=HIDING)


@carriers("address")
def test_anonymisers_alert_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """Sign-ins and all else, whatever program it is."""
    assert THROUGH & alerts(carrier, address=HIDING)
    assert not THROUGH & alerts(carrier, address=HOME)


@carriers("agent", "address")
@pytest.mark.parametrize("agent", ["Mozilla/5.0 Chrome/126", "9999"])
def test_a_token_behind_an_anonymiser_is_seen_under_any_name(alerts: Any, carrier: Carrier, agent: str) -> None:
    """With a browser's user agent, and with a number."""
    assert THROUGH & alerts(carrier, address=HIDING, agent=agent)


@carriers("agent")
def test_listed_programs_alert_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """Tools of the campaigns, libraries of the campaigns, and what the settings list."""
    for agent, rule in (
        ("Salesforce-Multi-Org-Fetcher/1.0", "campaign_tool"),
        ("trufflehog/3.88", "campaign_tool"),
        ("BadTool/3", "listed_program"),
        ("slowlib/2.7", "campaign_library"),
        ("Python/3.11 aiohttp/3.13.1", "campaign_library"),
    ):
        assert TITLES[rule] in alerts(carrier, agent=agent), agent
    innocent = alerts(carrier, agent="Mozilla/5.0 Chrome/126")
    assert not innocent & {TITLES["campaign_tool"], TITLES["listed_program"], TITLES["campaign_library"]}


@carriers("app_name")
def test_listed_apps_alert_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """Shipped names and those of the settings, however they are spelled."""
    for name in ("My Ticket Portal", "my-ticket_portal", "phone app"):
        assert TITLES["campaign_app"] in alerts(carrier, app_name=name), name
    assert TITLES["campaign_app"] not in alerts(carrier, app_name="Warehouse Sync")


@carriers("app")
def test_apps_that_are_not_approved_alert_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """One on the list does not, with 15 or 18 characters."""
    assert TITLES["unapproved_app_activity"] in alerts(carrier, app="0H4000000000002")
    assert TITLES["unapproved_app_activity"] not in alerts(carrier, app=APP)


@carriers("user")
def test_leavers_alert_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """Whoever is past the last day, whatever the event."""
    assert TITLES["leaver_after_last_day"] in alerts(carrier, user=PERSON)
    assert TITLES["leaver_after_last_day"] not in alerts(carrier, user=ROBOT)


@carriers("user", "address")
def test_an_integration_off_its_networks_alerts_on_every_source(alerts: Any, carrier: Carrier) -> None:
    """Its own network silences it, and a person may be anywhere."""
    rule = TITLES["integration_unexpected_network"]
    assert rule in alerts(carrier, user=ROBOT, address=OFFICE)
    assert rule not in alerts(carrier, user=ROBOT, address=HOME)
    assert rule not in alerts(carrier, user=PERSON, address=OFFICE)


@carriers("user", "address", "forwarded")
def test_a_forged_forwarded_for_value_frees_nobody(alerts: Any, carrier: Carrier) -> None:
    """An expected network in it silences nothing, and a foreign one makes no integration travel."""
    rule = TITLES["integration_unexpected_network"]
    assert rule in alerts(carrier, user=ROBOT, address=OFFICE, forwarded=HOME)
    assert rule not in alerts(carrier, user=ROBOT, address=HOME, forwarded=OFFICE)


def test_a_listed_address_is_one_alert_an_hour(listing_settings: Settings) -> None:
    """Whoever it is that comes from there: a thousand events of as many accounts are counted in it."""
    steps = build_processing(listing_settings).steps()
    frame = pl.DataFrame(
        {
            "EVENT_TYPE": ["RestApi"] * 1000,
            "TIMESTAMP_DERIVED": [LONG_AGO] * 1000,
            "USER_ID_DERIVED": [f"005A0000000{number:04}AAA" for number in range(1000)],
            "CLIENT_IP": [LISTED] * 1000,
            "event.id": [f"{number:032x}" for number in range(1000)],
        }
    )
    batch = Batch(ORG, "event_log_file", "RestApi", frame)
    prepared = steps.prepare(batch)
    found = steps.detect(batch, prepared, steps.match(batch, prepared), NOW).alerts
    alerts = found.filter(found["rule.name"] == TITLES["campaign_address"])
    assert alerts["leakline.alert.count"].to_list() == [1000]
