"""`leakline check` says of each list what it holds and which rules use it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.assembly.batch_processing import build_processing
from agent.check.list_usage import examine_lists
from agent.config.settings import Settings
from agent.model import Finding

NOW = datetime(2026, 11, 26, tzinfo=UTC)
INDICATORS = """value,kind,source,added,expires
192.0.2.7,address,us,2026-11-01,
192.0.2.8,address,us,2025-01-01,
AS64496,as,us,2026-11-01,2026-11-20
"""


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, str]:
    texts = {
        "indicators.csv": INDICATORS,
        "tor.txt": "192.0.2.0/24\nAS64496\n# a comment\n198.51.100.7\n",
        "leavers.csv": "username,last_day\na@example.com,2026-11-25\nb@example.com,2026-11-26\n",
        "apps.txt": "0H4000000000001\n",
        "bad.txt": "192.0.2.9\n192.0.2.10\n",
        "empty.txt": "# nothing yet\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in texts}


def findings(enrich: dict[str, Any], **rules: Any) -> list[Finding]:
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "NOT_ASKED"}}
    org = {"name": "a", "url": "https://a.my.salesforce.com", "auth": auth}
    file = {"type": "file", "name": "f", "directory": "/nowhere"}
    settings = Settings.model_validate({"orgs": [org], "destinations": [file], "enrich": enrich, "rules": rules})
    processing = build_processing(settings)
    return list(examine_lists(settings, processing.rules, processing.loaded.lists, NOW))


def said(found: list[Finding], setting: str, path: str = "") -> Finding:
    (finding,) = [
        finding for finding in found if finding.subject == f"list {setting}" and finding.message.startswith(path)
    ]
    return finding


def test_each_list_says_its_entries_its_expired_ones_and_its_rules(lists: dict[str, str]) -> None:
    """File, number of entries, what is over, names of rules and how many of them can fire."""
    found = findings(
        {
            "indicators": [lists["indicators.csv"]],
            "anonymizer_lists": [lists["tor.txt"]],
            "leavers": lists["leavers.csv"],
            "approved_apps": ["Warehouse Sync"],
            "approved_apps_file": lists["apps.txt"],
            "corporate_networks": ["203.0.113.0/24"],
        },
        placeholders={"BadAddresses": {"file": lists["bad.txt"]}},
    )
    assert "3 entries, 2 expired; used by" in said(found, "enrich.indicators", lists["indicators.csv"]).message
    assert "3 entries; used by" in said(found, "enrich.anonymizer_lists").message
    assert "login_through_anonymizer" in said(found, "enrich.anonymizer_lists").message
    assert "2 entries, 1 past their last day; used by" in said(found, "enrich.leavers").message
    assert "of which" in said(found, "enrich.leavers").message  # its real-time rules have no source here
    assert "2 entries; used by" in said(found, "enrich.approved_apps").message
    assert "app_lookalike" in said(found, "enrich.approved_apps").message
    assert "1 entry; used by" in said(found, "enrich.corporate_networks").message
    assert "impossible_travel" in said(found, "enrich.corporate_networks").message
    bad = said(found, "rules.placeholders.BadAddresses")
    assert "2 entries; used by 1 rule: campaign_address" in bad.message
    assert bad.ok


def test_shipped_indicators_say_what_they_lack() -> None:
    """Each shipped file is named, with what was published and is not in it."""
    shipped = [finding for finding in findings({}) if finding.subject == "list enrich.indicators"]
    assert len(shipped) >= 5
    assert all(finding.ok for finding in shipped)
    assert any("known to be missing: " in finding.message for finding in shipped)
    (apps,) = [finding.message for finding in shipped if "voice_phishing" in finding.message]
    assert "used by 1 rule: campaign_app" in apps


def test_an_empty_list_and_one_that_is_over_are_warned_of(lists: dict[str, str], tmp_path: Path) -> None:
    """Rules that wait for an empty list are named; so is a list of which nothing says anything of today."""
    (tmp_path / "old.csv").write_text("value,kind,source,added\n192.0.2.7,address,us,2024-01-01\n")
    found = findings({"anonymizer_lists": [lists["empty.txt"]], "indicators": [str(tmp_path / "old.csv")]})
    empty = said(found, "enrich.anonymizer_lists")
    assert empty.warning and not empty.ok and "0 entries; used by" in empty.message
    old = said(found, "enrich.indicators", str(tmp_path / "old.csv"))
    assert old.warning and "1 entry, 1 expired" in old.message


def test_a_list_that_no_rule_uses_is_warned_of(lists: dict[str, str]) -> None:
    """Where the settings leave out the rules of a list, it says so."""
    found = findings({"leavers": lists["leavers.csv"]}, shipped=False)
    assert said(found, "enrich.leavers").warning
    assert "no rule uses it" in said(found, "enrich.leavers").message


def test_as_numbers_without_a_database_are_warned_of(lists: dict[str, str]) -> None:
    """An AS number says nothing where no database tells whose an address is."""
    finding = said(findings({"indicators": [lists["indicators.csv"]]}), "enrich.indicators", lists["indicators.csv"])
    assert finding.warning
    assert "enrich.databases" in finding.message


def test_lists_that_are_not_set_are_named_once() -> None:
    """One finding names them, with the number of rules that use each."""
    (unset,) = [finding for finding in findings({}) if finding.subject == "lists"]
    assert unset.warning
    for setting in ("enrich.leavers", "enrich.anonymizer_lists", "enrich.expected_networks", "enrich.approved_apps"):
        assert setting in unset.message
