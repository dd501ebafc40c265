from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.columns.text.folded_name import folded
from agent.columns.timestamp import TIME
from agent.enrichment.address_database import write_mmdb
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.indicator import MOST
from agent.enrichment.lists.indicator_file import read_indicators
from agent.enrichment.settings import EnrichSettings
from agent.errors import MappingError
from agent.shipped import shipped
from tests.enrichment.geo_network import GeoNetwork

YEAR = timedelta(days=365)
HEAD = "value,kind,source,added,expires,campaign\n"


def enricher(tmp_path: Path, lines: str, **settings: Any) -> Enricher:
    (tmp_path / "own.csv").write_text(HEAD + lines)
    return Enricher(
        EnrichmentData(EnrichSettings.model_validate({"indicators": [str(tmp_path / "own.csv")], **settings}))
    )


def matches(enricher: Enricher, columns: Mapping[str, Any], field: str = "value") -> list[Any]:
    """What `leakline.indicator.<field>` says of rows with these columns; nothing if it is not there."""
    enriched = enricher.enrich(pl.DataFrame(columns))
    name = f"leakline.indicator.{field}"
    return enriched[name].to_list() if name in enriched.columns else []


@pytest.mark.parametrize(
    "columns",
    [
        {"source.ip": ["192.0.2.7"]},
        {"related.ip": [["203.0.113.1", "192.0.2.7"]], "source.ip": ["203.0.113.1"]},
        {"source.ip": ["::ffff:192.0.2.7"]},
    ],
    ids=("source", "related", "mapped"),
)
def test_any_address_of_a_row_matches(tmp_path: Path, columns: dict[str, Any]) -> None:
    """What Salesforce saw and what a header says are looked up alike."""
    assert matches(enricher(tmp_path, "192.0.2.7,address,us,2026-01-01,,C\n"), columns) == [["192.0.2.7"]]


def test_several_matches_of_a_row_stay_in_step(tmp_path: Path) -> None:
    """The lists of one event have an element for each indicator, each once, in one order."""
    listed = enricher(
        tmp_path,
        "192.0.2.7,address,one,2026-01-01,,A\n198.51.100.0/24,network,two,2026-01-01,,\nbadtool,user_agent,three,2026-01-01,,B\n",
    )
    columns = {
        "related.ip": [["192.0.2.7", "198.51.100.9", "198.51.100.10"], ["203.0.113.1"]],
        "source.ip": ["192.0.2.7", "203.0.113.1"],
        "user_agent.original": ["BadTool/1", "curl/8"],
    }
    assert matches(listed, columns, "kind") == [["address", "network", "user_agent"], None]
    assert matches(listed, columns, "campaign") == [["A", "unnamed", "B"], None]
    assert matches(listed, columns, "source") == [["one", "two", "three"], None]


def test_a_forged_list_of_addresses_does_not_make_an_event_long(tmp_path: Path) -> None:
    """Of one event at most so many indicators are named."""
    addresses = [f"192.0.2.{number}" for number in range(50)]
    listed = enricher(tmp_path, "".join(f"{address},address,us,2026-01-01,,\n" for address in addresses))
    (found,) = matches(listed, {"related.ip": [addresses]})
    assert len(found) == MOST


def test_the_operator_of_any_address_matches(tmp_path: Path) -> None:
    """With a database an AS number matches the address that Salesforce saw, and those in headers."""
    write_mmdb(tmp_path / "a.mmdb", [GeoNetwork("29.31.0.0/24", "RO", "Romania", asn=64511)])
    listed = enricher(tmp_path, "AS64511,as,us,2026-01-01,,\n", databases=[str(tmp_path / "a.mmdb")])
    assert matches(listed, {"source.ip": ["29.31.0.7"]}) == [["64511"]]
    columns = {"source.ip": ["22.40.8.1"], "related.ip": [["22.40.8.1", "29.31.0.7"]]}
    assert matches(listed, columns) == [["64511"]]


@pytest.mark.parametrize("column", ["user_agent.original", "USER_AGENT", "BROWSER_TYPE", "UserAgent", "CLIENT_NAME"])
def test_a_program_matches_by_a_part_of_what_it_calls_itself(tmp_path: Path, column: str) -> None:
    """Case does not count; a library is told from a tool."""
    listed = enricher(tmp_path, "badtool,user_agent,us,2026-01-01,,\nslowlib/2,library,us,2026-01-01,,\n")
    assert matches(listed, {column: ["Mozilla BADTOOL/1", "SlowLib/2.1", "other"]}, "kind") == [
        ["user_agent"],
        ["library"],
        None,
    ]


@pytest.mark.parametrize("name", ["My Ticket Portal", "my_ticket-portal", "Ｍｙ Ticket Portal", "MyTicketPortal"])
@pytest.mark.parametrize("column", ["CONNECTED_APP_NAME", "ConnectedAppName", "Application", "CLIENT_NAME"])
def test_an_app_matches_however_it_is_spelled(column: str, name: str) -> None:
    """The shipped names of the campaigns are found in each column that names an app, and no longer name is."""
    shipped_only = Enricher(EnrichmentData(EnrichSettings()))
    assert matches(shipped_only, {column: [name]}, "kind") == [["app"]]
    assert matches(shipped_only, {column: [f"{name} of ours"]}, "kind") == []


def test_an_indicator_counts_until_it_expires_by_the_events_time(tmp_path: Path) -> None:
    """On its last day it does, on the next it does not; without a time it does."""
    listed = enricher(tmp_path, "192.0.2.7,address,us,2026-01-01,2026-06-17,\n")
    times = [datetime(2026, 6, 17, 23, 59, tzinfo=UTC), datetime(2026, 6, 18, tzinfo=UTC), None]
    series = pl.Series(times, dtype=TIME)
    assert matches(listed, {"source.ip": ["192.0.2.7"] * 3, "@timestamp": series}) == [
        ["192.0.2.7"],
        None,
        ["192.0.2.7"],
    ]


@pytest.mark.parametrize(
    "path", sorted((shipped("mappings") / "indicators").glob("*.yaml")), ids=lambda path: path.stem
)
def test_each_shipped_line_has_its_source_and_its_date(path: Path) -> None:
    """Nothing is listed from memory: what published it and when is beside each line, and no line stands twice."""
    file = read_indicators(path, YEAR)
    assert file.indicators
    assert all(indicator.source and indicator.campaign for indicator in file.indicators)
    assert all(indicator.added < indicator.expires for indicator in file.indicators)
    values = [(indicator.kind, indicator.value) for indicator in file.indicators]
    assert len(set(values)) == len(values)


def test_the_campaigns_of_the_rules_are_in_the_shipped_files() -> None:
    """All twenty addresses of the thefts through Salesloft Drift, and what was found of each of the others."""
    files = [read_indicators(path, YEAR) for path in (shipped("mappings") / "indicators").glob("*.yaml")]
    found = {(indicator.campaign, indicator.kind, indicator.value) for file in files for indicator in file.indicators}
    assert sum(campaign == "Salesloft Drift" and kind == "address" for campaign, kind, _ in found) == 20
    assert {
        ("Salesloft Drift", "library", "salesforce-cli/1.0"),
        ("Gainsight", "address", "3.239.45.43"),
        ("Gainsight", "library", "aiohttp/3.13.1"),
        ("Klue", "address", "94.154.32.160"),
        ("Voice phishing", "app", folded("Ticket Dashboard")),
        ("Experience Cloud guests", "address", "103.75.11.110"),
    } <= found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("indicators: []\nsources: x\n", "1|2.*unknown key `sources`"),
        ("indicators: []\nmissing: x\n", "`missing` is not a list"),
        ("indicators: []\nmissing:\n  - what: x\n", "`missing` is not complete"),
        ("indicators:\n  - {value: 192.0.2.7, kind: address, source: x}\n", "2.*without `added`"),
        ("indicators:\n  - {value: '--', kind: app, source: x, added: 2026-01-01}\n", "is not the name of an app"),
        ("indicators:\n  - {value: x, kind: hash, source: x, added: 2026-01-01}\n", "unknown kind 'hash'"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """Nothing is left out silently."""
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(MappingError, match=says):
        read_indicators(tmp_path / "own.yaml", YEAR)


def test_what_all_lines_share_is_written_once(tmp_path: Path) -> None:
    """Campaign, source and dates at the top hold for each entry that says nothing else."""
    (tmp_path / "own.yaml").write_text(
        "campaign: A\nsource: s\nadded: 2026-01-01\nexpires: 2026-02-01\n"
        "indicators:\n  - {value: 192.0.2.7, kind: address}\n  - {value: 192.0.2.8, kind: address, source: t}\n"
        "missing:\n  - {what: more, source: u, why: not read}\n"
    )
    file = read_indicators(tmp_path / "own.yaml", YEAR)
    assert [
        (indicator.source, indicator.campaign, indicator.expires.date().isoformat()) for indicator in file.indicators
    ] == [
        ("s", "A", "2026-02-02"),
        ("t", "A", "2026-02-02"),
    ]
    assert [missing.what for missing in file.missing] == ["more"]
