"""Rules that cannot fire for want of a column, a list or a database are named, with what is missing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from rich.console import Console

from agent.assembly.enabled_rules import enabled_rules
from agent.assembly.rule_availability import log_columns, rule_availability
from agent.check.blind_rules import of_org, of_settings
from agent.cli.output import rules_list
from agent.config import settings as config
from agent.detection.authoring.listing import listing
from agent.model import Finding
from agent.normalize.mapping.load import whole_mappings
from agent.shipped import shipped
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.sources.event_log_file.headers import LONGEST, headers
from agent.sources.salesforce.session import Session

NOW = datetime(2026, 7, 2, 12, 0, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=3)
GEOLITE = {
    "ASN": {"autonomous_system_number": 64500, "autonomous_system_organization": "Example"},
    "Country": {"continent": {"code": "EU"}, "country": {"iso_code": "DE", "names": {"en": "Germany"}}},
    "City": {
        "continent": {"code": "EU"},
        "country": {"iso_code": "DE", "names": {"en": "Germany"}},
        "subdivisions": [{"iso_code": "BY", "names": {"en": "Bavaria"}}],
        "city": {"names": {"en": "Munich"}},
        "location": {"latitude": 48.1, "longitude": 11.5},
    },
}
"""Records as GeoLite2's files have them."""


@pytest.fixture
def databases(tmp_path: Path) -> Callable[..., list[str]]:
    def make(*kinds: str) -> list[str]:
        for kind in kinds:
            writer = MMDBWriter(6, f"GeoLite2-{kind}", ipv4_compatible=True)
            writer.insert_network(IPSet(["22.40.8.0/24"]), GEOLITE[kind])
            writer.to_db_file(str(tmp_path / f"{kind}.mmdb"))
        return [str(tmp_path / f"{kind}.mmdb") for kind in kinds]

    return make


def installation(url: str = "https://acme.my.salesforce.com", auth: Any = None, **document: Any) -> config.Settings:
    auth = auth or {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}}
    org = {"name": "acme", "url": url, "auth": auth, "tls": document.pop("tls", {}), "sources": [{"type": "event_log_file", "event_types": "all"}]}  # fmt: skip
    return config.parse({"orgs": [org], "destinations": [{"type": "file", "directory": "out"}], **document})


def listed(settings: config.Settings) -> dict[str, tuple[str, ...]]:
    """By name, why rules cannot fire."""
    rules = enabled_rules(settings.rules, settings.enrich)
    return {row.name: row.cannot_fire for row in listing(rules, rule_availability(settings))}


def test_a_database_of_operators_alone_names_no_places(databases: Callable[..., list[str]]) -> None:
    """Rules that need coordinates are blind though there is a database; one of cities beside it gives them sight."""
    assert listed(installation())["impossible_travel"] == ("no address database (enrich.databases)",)
    operators = listed(installation(enrich={"databases": databases("ASN")}))
    assert operators["impossible_travel"] == ("no address database that knows coordinates (enrich.databases)",)
    assert operators["app_new_network"] == ()
    countries = listed(installation(enrich={"databases": databases("Country")}))
    assert countries["impossible_travel"] == ("no address database that knows coordinates (enrich.databases)",)
    assert countries["app_new_network"] == ("no address database that knows operators of networks (enrich.databases)",)
    both = listed(installation(enrich={"databases": databases("ASN", "City")}))
    assert both["impossible_travel"] == both["app_new_network"] == ()


def test_check_counts_what_the_settings_leave_blind(databases: Callable[..., list[str]]) -> None:
    """One warning, by what is missing; what no setting can help is not in it."""
    settings = installation()
    rules = enabled_rules(settings.rules, settings.enrich)
    (finding,) = of_settings(settings, rules)
    assert (finding.ok, finding.warning, finding.subject) == (False, True, "rules")
    assert "o list of leavers (enrich.leavers): " in finding.message
    assert "impossible_travel" in finding.message
    assert "setup_audit_trail" not in finding.message
    assert (
        "impossible_travel"
        not in next(of_settings(installation(enrich={"databases": databases("ASN", "City")}), rules)).message
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., tuple[RunningOrg, config.Settings, Session]]]:
    opened: list[Any] = []

    def start(enrich: dict[str, Any] | None = None, **wanted: Any) -> tuple[RunningOrg, config.Settings, Session]:
        kinds = {"rows_per_day": 1500, "people": 20, "event_types": ["Login", "Report"], "scenarios": [], **wanted}
        running = serve(SimulatorSettings(folder=tmp_path / "org", now=lambda: NOW, **kinds))
        secret = {"client_id": running.client_id, "client_secret": {"file": str(running.client_secret_file)}}
        auth = {"type": "client_credentials", **secret}
        settings = installation(running.url, auth, tls={"ca": str(running.ca)}, enrich=enrich or {})
        session = Session(settings.orgs[0], now=lambda: NOW)
        opened.extend([session, running])
        return running, settings, session

    yield start
    for running in opened:
        running.close()


def examined(settings: config.Settings, session: Session) -> Finding:
    (finding,) = of_org(settings, settings.orgs[0], session, lambda: NOW)
    return finding


def test_a_column_that_the_orgs_files_lack_blinds_the_rules_that_need_it(
    run: Callable[..., Any], databases: Callable[..., list[str]]
) -> None:
    """Files of Login without COUNTRY_CODE: a rule on countries needs the column or an address database."""
    _, settings, session = run(login_header="2022")
    assert "COUNTRY_CODE" not in headers(session, SINCE)["Login"]
    finding = examined(settings, session)
    assert (finding.ok, finding.warning, finding.subject) == (False, True, "org acme, rules")
    assert "COUNTRY_CODE (and no address database (enrich.databases)) in files of Login: " in finding.message
    assert "country_hop" in finding.message
    known = settings.model_copy(
        update={"enrich": settings.enrich.model_copy(update={"databases": [Path(databases("City")[0])]})}
    )
    assert "country_hop" not in examined(known, session).message


def test_files_with_every_column_leave_no_rule_blind(run: Callable[..., Any]) -> None:
    """And the finding says of how many types that was seen."""
    _, settings, session = run()
    finding = examined(settings, session)
    assert finding.ok, finding.message
    assert finding.message == "the files of 2 event types have the columns that rules need"


def test_the_newest_file_of_a_type_counts(run: Callable[..., Any]) -> None:
    """Its columns are those of the file's own header; types without a file are not there."""
    running, _, session = run(login_header="mixed")
    found = headers(session, SINCE)
    assert found.keys() == {"Login", "Report"}
    newest = max(
        (file for file in running.org.log_files() if file.event_type == "Login"), key=lambda file: file.created
    )
    assert found["Login"] == set(newest.layout.names)


def test_names_that_fill_the_field_are_not_believed(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be cut off: nothing is said of such a type."""
    _, _, session = run()
    monkeypatch.setattr("agent.sources.event_log_file.headers.LONGEST", 100)
    assert LONGEST == 1333
    assert headers(session, SINCE) == {}


@pytest.mark.parametrize(
    ("header", "name", "lacks"),
    [
        ({"SOURCE_IP"}, "source.ip", False),
        ({"CLIENT_IP"}, "source.ip", False),
        ({"FORWARDED_FOR_IP"}, "source.ip", True),
        ({"CLIENT_IP"}, "leakline.source_network", False),
        ({"FORWARDED_FOR_IP"}, "leakline.source_network", True),
        ({"FORWARDED_FOR_IP"}, "related.ip", False),
        ({"SOURCE_IP"}, "related.ip", False),
        ({"USER_NAME"}, "related.ip", True),
        ({"LOGIN_KEY"}, "leakline.session", False),
        ({"USER_NAME"}, "leakline.session", True),
        ({"USER_ID"}, "user.id", False),
        ({"USER_ID_DERIVED"}, "user.id", False),
        ({"USER_NAME"}, "user.id", True),
        ({"USER_NAME"}, "organization.id", False),
        ({"USER_NAME"}, "event.provider", False),
        ({"USER_NAME"}, "leakline.user_leaving", False),
    ],
)
def test_a_computed_field_is_there_with_a_column_that_fills_it(header: set[str], name: str, lacks: bool) -> None:
    """Whichever that is; the mappings say it, and no list of its own."""
    mappings = whole_mappings([shipped("mappings")])
    assert log_columns(mappings, {"Login": header | {"EVENT_TYPE"}}).lack(name, "login") is lacks


def test_the_list_names_the_missing_knowledge(databases: Callable[..., list[str]]) -> None:
    """With the rules that wait for it."""
    out = io.StringIO()
    settings = installation(enrich={"databases": databases("ASN")})
    assert rules_list.show(None, settings, "", Console(file=out, width=120), Console(), as_json=False) == 0
    assert ": no address database that knows coordinates (enrich.databases)" in out.getvalue()
