"""`leakline hunt` over archives: what older versions wrote, and lists that are newer than the events."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from rich.console import Console

from agent.cli.output.hunt import write_alerts
from agent.config.settings import Settings
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from agent.formats import ecs
from agent.hunt.archive import flat
from agent.hunt.archived_events import ArchivedEvents
from agent.hunt.log_files import batches
from agent.normalize.mapping.load import whole_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from tests.golden.documents import FOLDER
from tests.hunt.hunting import RULE, installation

TYPES = ("Login", "AuraRequest", "RestApi", "API", "BulkApi2", "ReportExport", "Sites", "URI", "ContentTransfer")
SEEN = datetime(2026, 7, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return Normalizer(whole_mappings([shipped("mappings")]))


def prepared_files(normalizer: Normalizer, enricher: Enricher, log: Path) -> list[Any]:
    return [(enricher.enrich(normalizer.prepare(batch)), batch) for batch in batches(log)]


def archive_of(
    normalizer: Normalizer, log: Path, path: Path, known: Mapping[str, object] | None = None, *, old: bool = False
) -> Path:
    """What the file destination writes of a log file; `old`: as before there were computed fields and families.

    `known`: fields that were known then.
    """
    lines = []
    for frame, batch in prepared_files(normalizer, Enricher(EnrichmentData(EnrichSettings())), log):
        for line in ecs.encode(normalizer.shape(frame, batch, SEEN)):
            document = orjson.loads(line)
            if old:
                document["event"]["dataset"] = "salesforce.event_log_file"
                own = document.get("leakline", {})
                document["leakline"] = {name: own[name] for name in ("raw_cells", "problems") if name in own}
            for name, value in (known or {}).items():
                place = document
                *objects, leaf = name.split(".")
                for part in objects:
                    place = place.setdefault(part, {})
                place[leaf] = value
            lines.append(orjson.dumps(document))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def found(*files: Path, rules: Path, settings: Settings | None = None) -> Counter[tuple[str, str]]:
    """Rule and event of each alert."""
    out, told = io.BytesIO(), io.StringIO()
    write_alerts(files, [rules], raw=False, out=out, err=Console(file=told, width=10_000), settings=settings)
    alerts = [orjson.loads(line) for line in out.getvalue().splitlines()]
    return Counter((alert["rule"]["name"], alert["event"]["id"]) for alert in alerts)


def rules_of(folder: Path, *tests: str) -> Path:
    folder.mkdir()
    for test in tests:
        text = RULE.format(title=test.partition(":")[0].replace("|", " "), test=test, condition="sel")
        (folder / f"{len(list(folder.iterdir()))}.yml").write_text(text)
    return folder


@pytest.mark.parametrize("old", [False, True])
def test_an_archive_of_any_version_has_the_computed_fields_of_its_log_file(
    tmp_path: Path, normalizer: Normalizer, old: bool
) -> None:
    """Each field that rules can ask for has the values that the log file gives it."""
    enricher = Enricher(EnrichmentData(EnrichSettings()))
    for name in TYPES:
        path = archive_of(normalizer, FOLDER / f"{name}.csv", tmp_path / f"{name}.ndjson", old=old)
        ((frame, _),) = prepared_files(normalizer, enricher, FOLDER / f"{name}.csv")
        documents = [flat(orjson.loads(line)) for line in path.read_bytes().splitlines()]
        shaped = pl.DataFrame(documents, infer_schema_length=None, strict=False)
        again = ArchivedEvents(normalizer, enricher).prepare(shaped, "event_log_file", name)
        for field in frame.columns:
            if frame[field].null_count() < frame.height:
                assert again[field].to_list() == frame[field].to_list(), (name, field)


@pytest.mark.parametrize("old", [False, True])
def test_an_archive_of_any_version_gives_the_alerts_of_its_log_file(
    tmp_path: Path, normalizer: Normalizer, old: bool
) -> None:
    """Also those of rules that ask for what the version of then did not compute."""
    fields = sorted(
        {
            field
            for name in TYPES
            for frame, _ in prepared_files(
                normalizer, Enricher(EnrichmentData(EnrichSettings())), FOLDER / f"{name}.csv"
            )
            for field in frame.columns
            if "." in field
        }
    )
    assert {"leakline.session", "leakline.door", "leakline.user_is_guest", "leakline.guest"} <= set(fields)
    rules = rules_of(tmp_path / "rules", *(f"{field}|exists: true" for field in fields))
    logs = [FOLDER / f"{name}.csv" for name in TYPES]
    archives = [archive_of(normalizer, log, tmp_path / f"{log.stem}.ndjson", old=old) for log in logs]
    expected = found(*logs, rules=rules)
    assert expected
    assert found(*archives, rules=rules) == expected


def test_a_list_of_today_is_asked_about_archived_events(tmp_path: Path, normalizer: Normalizer) -> None:
    """A new indicator is found with -c, and what only an older list had is not; without -c the older word stays."""
    log = FOLDER / "Login.csv"
    of_then = {
        "leakline.indicator.kind": ["address"],
        "leakline.indicator.value": ["192.0.2.200"],
        "leakline.indicator.campaign": ["of then"],
        "leakline.indicator.source": ["then.yaml"],
        "leakline.ip_corp": True,
    }
    archive = archive_of(normalizer, log, tmp_path / "events.ndjson", of_then)
    (tmp_path / "new.csv").write_text(
        "kind,value,campaign,source,added\naddress,203.0.113.9,of today,https://example.org/report,2026-03-01\n"
    )
    corporate = ["198.51.100.0/24"]
    settings = installation(enrich={"indicators": [str(tmp_path / "new.csv")], "corporate_networks": corporate})
    rules = rules_of(
        tmp_path / "rules",
        "leakline.indicator.campaign: of today",
        "leakline.indicator.value: 192.0.2.200",
        "leakline.ip_corp: true",
    )
    with_lists, without = found(archive, rules=rules, settings=settings), found(archive, rules=rules)
    assert with_lists == found(log, rules=rules, settings=settings)
    assert {rule for rule, _ in with_lists} >= {"leakline.indicator.campaign", "leakline.ip_corp"}
    assert {rule for rule, _ in without} == {"leakline.indicator.value", "leakline.ip_corp"}
    assert len({event for _, event in without}) == len(archive.read_bytes().splitlines())


def test_a_list_that_the_settings_do_not_have_takes_no_word_away(tmp_path: Path, normalizer: Normalizer) -> None:
    """What an older list said stays with -c, for nothing of today knows better."""
    archive = archive_of(normalizer, FOLDER / "Login.csv", tmp_path / "events.ndjson", {"leakline.user_left": True})
    rules = rules_of(tmp_path / "rules", "leakline.user_left: true")
    assert found(archive, rules=rules, settings=installation(enrich={})) == found(archive, rules=rules)
    assert found(archive, rules=rules)


def test_what_the_org_knew_then_is_still_there_and_used(tmp_path: Path, normalizer: Normalizer) -> None:
    """Names of users, profiles, apps and places; lists of today look at them."""
    known = {
        "user.full_name": "Ann Then",
        "user.email": "ann@example.org",
        "salesforce.user.profile": "Integration of then",
        "salesforce.connected_app.name": "App of then",
        "source.geo.city_name": "Lyon",
        "source.geo.location": {"lat": 45, "lon": 4},
    }
    (tmp_path / "leavers.csv").write_text("mail,last day\nann@example.org,2026-01-31\n")
    archive = archive_of(normalizer, FOLDER / "API.csv", tmp_path / "events.ndjson", known, old=True)
    rules = rules_of(
        tmp_path / "rules",
        "user.full_name: Ann Then",
        "salesforce.user.profile: Integration of then",
        "salesforce.connected_app.name: App of then",
        "source.geo.city_name: Lyon",
        "source.geo.location.lat: 45",
        "leakline.user_is_integration: true",
        "leakline.user_left: true",
        "leakline.app_approved: true",
    )
    enrich = {"leavers": str(tmp_path / "leavers.csv"), "approved_apps": ["App of then"]}
    alerts = found(archive, rules=rules, settings=installation(enrich=enrich))
    events = len(archive.read_bytes().splitlines())
    counts = Counter(rule for rule, _ in alerts)
    assert set(counts.values()) == {events} and len(counts) == 8, counts


def test_an_operator_that_was_known_then_is_looked_for_without_a_database(
    tmp_path: Path, normalizer: Normalizer
) -> None:
    """An indicator of today may name an AS number, and the archive has that of each address."""
    archive = archive_of(normalizer, FOLDER / "Login.csv", tmp_path / "events.ndjson", {"source.as.number": 64496})
    (tmp_path / "new.csv").write_text(
        "kind,value,campaign,source,added\nas,AS64496,of today,https://example.org/report,2026-03-01\n"
    )
    rules = rules_of(tmp_path / "rules", "leakline.indicator.campaign: of today")
    alerts = found(archive, rules=rules, settings=installation(enrich={"indicators": [str(tmp_path / "new.csv")]}))
    assert len(alerts) == len(archive.read_bytes().splitlines())
