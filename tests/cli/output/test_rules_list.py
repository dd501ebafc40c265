"""`leakline rules list`, as people and programs see it."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from agent.assembly.rule_availability import SERVICES, rule_availability
from agent.cli.output import rules_list
from agent.config.settings import Settings, SourceSettings, parse
from agent.config.settings_location import ExpectedType
from agent.detection.authoring.listing import listing
from agent.detection.load import load
from agent.shipped import shipped

SETTINGS: dict[str, Any] = {
    "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "X"}}}],
    "destinations": [{"type": "file", "directory": "out"}],
}  # fmt: skip


@pytest.fixture
def settings() -> Settings:
    return parse(SETTINGS)


def shown(settings: Settings | None, feed: str, width: int = 80) -> str:
    out, err = io.StringIO(), io.StringIO()
    status = rules_list.show(None, settings, feed, Console(file=out, width=width), Console(file=err), as_json=False)
    assert (status, err.getvalue()) == (0, "")
    return out.getvalue()


def test_the_list_fits_80_columns_and_names_every_rule(settings: Settings) -> None:
    """No name is cut off; coverage by family and technique stands below."""
    text = shown(None, "")
    assert max(map(len, text.splitlines())) <= 80
    names = [row.name for row in listing(load([shipped("rules")]))]
    assert [name for name in names if name not in text] == []
    assert "T1567" in text
    assert "Exfiltration Over Web Service" in text


def test_wide_terminals_see_titles() -> None:
    """Narrow ones would see three words of them."""
    wide = shown(None, "", width=200)
    rows = listing(load([shipped("rules")]))
    assert [row.title for row in rows if row.title not in wide] == []


def test_rules_are_marked_that_cannot_fire_with_a_licence(settings: Settings) -> None:
    """With the reason, and how many it concerns."""
    text = shown(settings, "free")
    assert "x report_export_burst" in text
    assert "needs Event Monitoring" in text
    assert "no list of leavers (enrich.leavers)" in text
    assert "  lockout_wave" in text


def test_rules_that_only_feed_others_are_counted() -> None:
    """With those in the list they are all that load."""
    rules = load([shipped("rules")])
    assert f"{len(rules) + len(rules.derived) - len(rules.alerting)} feeder rules: parts of" in shown(None, "")


def test_a_folder_without_rules_is_told(tmp_path: Path) -> None:
    """An empty table would look like a small one."""
    err = io.StringIO()
    console = Console(file=err)
    assert rules_list.show([tmp_path], None, "", Console(file=io.StringIO()), console, as_json=False) == 1
    assert "no rules here" in err.getvalue()


def test_a_program_is_given_everything_one_rule_a_line(
    settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Times in seconds, reasons as a list."""
    assert rules_list.show(None, settings, "free", Console(), Console(), as_json=True) == 0
    rows = {row["name"]: row for row in map(orjson.loads, capfdbinary.readouterr().out.splitlines())}
    burst = rows["report_export_burst"]
    assert burst["services"] == ["event_log_file", "real_time_event_monitoring"]
    assert burst["rows_late_seconds"] == 108_000
    assert burst["tells"] == "at once"
    assert burst["kind"] == "event_count"
    assert "needs Event Monitoring" in burst["cannot_fire"]
    assert rows["lockout_wave"]["cannot_fire"] == []


def test_every_type_of_source_says_what_rows_it_brings() -> None:
    """A new source is not forgotten here."""
    assert ExpectedType.of(SourceSettings).tags.keys() <= SERVICES.keys()


def test_log_files_of_every_type_bar_no_rule(settings: Settings) -> None:
    """Nor do those that are read unless the settings say otherwise, where they are the rule's."""
    assert "report" in (rule_availability(settings).event_types or ())
    every = [{**SETTINGS["orgs"][0], "sources": [{"event_types": "all"}]}]
    assert rule_availability(parse({**SETTINGS, "orgs": every})).event_types is None
