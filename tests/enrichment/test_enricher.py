from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from agent.enrichment.address_database import write_mmdb
from agent.enrichment.enricher import BATCHES_CACHED, Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.settings import EnrichSettings
from agent.errors import LeaklineError, MappingError, SettingsError
from tests.enrichment.geo_network import GeoNetwork

ADA, ROBOT = "005A00000012345AAA", "005B00000000001AAA"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36"
)
PEOPLE: dict[str, dict[str, Any]] = {
    ADA: {"Username": "ada@example.com", "Name": "Ada Stone", "Profile.Name": "Standard User"},
    ROBOT: {"Username": "mulesoft@example.com", "Name": "MuleSoft", "Profile.Name": "API Only"},
}


def users(ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    return {user_id: PEOPLE[user_id] for user_id in ids if user_id in PEOPLE}


def applications(ids: Sequence[str]) -> Mapping[str, str]:
    return {app_id: "Warehouse Sync" for app_id in ids if app_id.startswith("0H4")}


@pytest.fixture
def settings(tmp_path: Path) -> EnrichSettings:
    write_mmdb(
        tmp_path / "a.mmdb", [GeoNetwork("22.40.8.0/24"), GeoNetwork("29.31.0.0/24", "RO", "Romania", asn=64511)]
    )
    (tmp_path / "hosting.txt").write_text("AS64511\n")
    return EnrichSettings.model_validate(
        {
            "databases": [str(tmp_path / "a.mmdb")],
            "integration_users": ["mulesoft@*"],
            "expected_networks": {"mulesoft@*": ["22.40.8.0/24"]},
            "corporate_networks": ["22.40.8.0/24"],
            "anonymizer_lists": [str(tmp_path / "hosting.txt")],
        }
    )


PREPARED = pl.DataFrame(
    {
        "EVENT_TYPE": ["RestApi"] * 4,
        "USER_ID": [ADA[:15], ROBOT[:15], ROBOT[:15], None],
        "CLIENT_IP": ["22.40.8.1", "29.31.0.7", "Salesforce.com IP", None],
        "CLIENT_NAME": [None, "MuleSoft/10", "MuleSoft/10", None],
        "CONNECTED_APP_ID": [None, "0H4000000000001", "0H4000000000001", None],
        "event.id": ["1", "2", "3", "4"],
        "user.id": [ADA, ROBOT, ROBOT, None],
        "source.ip": ["22.40.8.1", "29.31.0.7", None, None],
        "source.address": [None, None, "Salesforce.com IP", None],
        "user_agent.original": [CHROME, "AHC/2.1", "AHC/2.1", None],
    }
)


def test_a_row_is_told_all_that_is_known(settings: EnrichSettings) -> None:
    """Address, client, user, app and the settings' networks come together row by row; the frame's own columns stay."""
    enriched = Enricher(EnrichmentData(settings), users=users, applications=applications).enrich(PREPARED)
    assert enriched.select(PREPARED.columns).equals(PREPARED)
    columns = enriched.select(pl.exclude(PREPARED.columns)).to_dict(as_series=False)
    expected = {
        "leakline.ip_kind": ["public", "public", "salesforce", None],
        "source.geo.country_iso_code": ["DE", "RO", None, None],
        "source.as.number": [64497, 64511, None, None],
        "leakline.ip_corp": [True, False, None, None],
        "leakline.ip_anonymizer": [False, True, None, None],
        "user.name": ["ada@example.com", "mulesoft@example.com", "mulesoft@example.com", None],
        "user.roles": [["Standard User"], ["API Only"], ["API Only"], None],
        "salesforce.user.profile": ["Standard User", "API Only", "API Only", None],
        "salesforce.connected_app.name": [None, "Warehouse Sync", "Warehouse Sync", None],
        "user_agent.name": ["Chrome", "AHC", "AHC", None],
        "leakline.client_kind": ["browser", "integration_tool", "integration_tool", None],
        "leakline.user_is_integration": [False, True, True, None],
        "leakline.ip_expected_for_user": [None, False, None, None],
    }
    assert {name: columns[name] for name in expected} == expected


def test_nothing_configured_and_nobody_to_ask_is_no_obstacle() -> None:
    """Without databases, lists and look-ups only what the row itself tells is added."""
    enriched = Enricher(EnrichmentData(EnrichSettings())).enrich(PREPARED)
    assert sorted(set(enriched.columns) - set(PREPARED.columns)) == [
        "leakline.client_kind",
        "leakline.ip_kind",
        "user_agent.name",
        "user_agent.os.full",
        "user_agent.os.name",
        "user_agent.os.version",
        "user_agent.version",
    ]


@pytest.mark.parametrize("height", [0, 1, 3])
def test_frames_without_any_known_column_pass(settings: EnrichSettings, height: int) -> None:
    """An event type without address, user and client stays as it is, and so does an empty frame."""
    frame = PREPARED.select("EVENT_TYPE", "event.id").head(height)
    assert Enricher(EnrichmentData(settings), users=users, applications=applications).enrich(frame).equals(frame)
    empty = PREPARED.head(0)
    assert Enricher(EnrichmentData(settings), users=users, applications=applications).enrich(empty).equals(empty)


def test_a_rows_own_word_counts_more_than_a_look_up(settings: EnrichSettings) -> None:
    """A username that the log tells is kept; one that it lacks is filled in."""
    frame = PREPARED.with_columns(pl.Series("user.name", ["ada@typed.example", None, None, "nobody@example.com"]))
    enriched = Enricher(EnrichmentData(settings), users=users).enrich(frame)
    assert enriched["user.name"].to_list() == [
        "ada@typed.example",
        "mulesoft@example.com",
        "mulesoft@example.com",
        "nobody@example.com",
    ]


def test_a_database_counts_more_than_the_country_a_login_names(settings: EnrichSettings) -> None:
    """Salesforce's country stays only where the databases know none."""
    frame = PREPARED.with_columns(pl.Series("source.geo.country_iso_code", ["US", "US", None, "FR"]))
    enriched = Enricher(EnrichmentData(settings)).enrich(frame)
    assert enriched["source.geo.country_iso_code"].to_list() == ["DE", "RO", None, "FR"]


def test_the_name_of_an_app_in_the_row_counts(settings: EnrichSettings) -> None:
    """CONNECTED_APP_NAME is taken as it is, and the look-up fills what lacks."""
    frame = PREPARED.with_columns(pl.Series("CONNECTED_APP_NAME", ["My Ticket Portal", None, None, None]))
    enriched = Enricher(EnrichmentData(settings), applications=applications).enrich(frame)
    assert enriched["salesforce.connected_app.name"].to_list() == [
        "My Ticket Portal",
        "Warehouse Sync",
        "Warehouse Sync",
        None,
    ]


def test_look_ups_can_be_turned_off(settings: EnrichSettings) -> None:
    """With `users` and `applications` off, nobody is asked."""

    def nobody(ids: Sequence[str]) -> Mapping[str, Any]:
        raise AssertionError(f"asked for {ids}")

    off = settings.model_copy(update={"users": False, "applications": False})
    enriched = Enricher(EnrichmentData(off), users=nobody, applications=nobody).enrich(PREPARED)
    assert "salesforce.user.profile" not in enriched.columns


def test_answers_are_kept_per_org_and_not_for_ever(settings: EnrichSettings) -> None:
    """Two orgs with the same user id (a sandbox and what it was copied from) keep their own answers."""

    class OrgUsers:
        def __init__(self, name: str) -> None:
            self.name, self.asked = name, 0

        def users(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
            self.asked += 1
            return {user_id: {"Username": self.name} for user_id in ids}

    data, orgs = EnrichmentData(settings), [OrgUsers("production"), OrgUsers("sandbox")]
    enrichers = [Enricher(data, users=org.users) for org in orgs]
    for _ in range(BATCHES_CACHED):
        for org, enricher in zip(orgs, enrichers, strict=True):
            assert set(enricher.enrich(PREPARED)["user.name"].drop_nulls()) == {org.name}
    assert [org.asked for org in orgs] == [1, 1]
    enrichers[0].enrich(PREPARED)
    assert [org.asked for org in orgs] == [2, 1]


def test_what_is_not_known_yet_is_in_later_batches(settings: EnrichSettings) -> None:
    """A user and an app that the org tells late are asked for with each batch until they are known."""
    known = [False]

    def late_users(ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return users(ids) if known[0] else {}

    def late_applications(ids: Sequence[str]) -> Mapping[str, str]:
        return applications(ids) if known[0] else {}

    enricher = Enricher(EnrichmentData(settings), users=late_users, applications=late_applications)
    assert not {"user.name", "salesforce.connected_app.name"} & set(enricher.enrich(PREPARED).columns)
    known[0] = True
    in_time = Enricher(EnrichmentData(settings), users=users, applications=applications)
    assert enricher.enrich(PREPARED).equals(in_time.enrich(PREPARED))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"corporate_networks": ["22.40.8.0/99"]}, "is not a network"),
        ({"expected_networks": {"a": ["x"]}}, "is not a network"),
        ({"database": "x"}, "Extra inputs"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], says: str) -> None:
    """What cannot be meant is said when the settings are read."""
    with pytest.raises(ValidationError, match=says):
        EnrichSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"databases": ["/nowhere/a.mmdb"]}, SettingsError),
        ({"anonymizer_lists": ["/nowhere/list.txt"]}, SettingsError),
        ({"client_kinds": "/nowhere/kinds.yaml"}, MappingError),
    ],
)
def test_files_that_are_not_there_are_named(wrong: dict[str, Any], error: type[LeaklineError]) -> None:
    """A setting that names a missing file ends the start with the file's name."""
    with pytest.raises(error, match="/nowhere/"):
        EnrichmentData(EnrichSettings.model_validate(wrong))
