"""`leakline regimes list -c`: what binds by a file of settings, and why."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from agent.cli.app import app

CONTRACT = {"name": "big", "hours": 24, "recipient": "privacy@big.example"}


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    document = {
        "orgs": [{"name": "acme", "url": "https://localhost:1", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "notice": {"jurisdictions": ["eu", "uk", "us-ca", "UK"], "contracts": [CONTRACT]},
    }
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def listed(*options: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["regimes", "list", "--json", *options])
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def test_programs_read_what_binds_and_why(settings: Path) -> None:
    """For every regime and contract, those that bind first; what is doubtful is on standard error."""
    found = listed("-c", str(settings))
    assert [regime["id"] for regime in found if regime["binds"]] == [
        *("eu-gdpr-33", "eu-gdpr-34", "uk-gdpr-33", "us-ca-1798.82", "us-ca-ccpa", "contract:big")
    ]
    assert [regime["binds"] for regime in found] == [True] * 6 + [False] * (len(found) - 6)
    assert found[3]["why"] == "us-ca, as controller (owner and licensee)"
    assert found[3]["bound_as"] == [None]
    assert all(regime["why"] for regime in found)


def test_without_settings_the_list_is_as_it_was() -> None:
    """Of what there is, with nothing said of whom it binds."""
    found = listed()
    assert len(found) == 39
    assert not any("binds" in regime for regime in found)


def test_people_read_a_table_and_what_is_doubtful(settings: Path) -> None:
    """With periods of the duties that bind alone."""
    done = CliRunner().invoke(app, ["regimes", "list", "-c", str(settings)], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert lines["us-ca-1798.82"].rstrip().endswith("  30 days, 15 days")
    assert "contract:big" in done.stdout
    assert "6 of 40 bind" in done.stdout
    assert "'UK' is not a jurisdiction of any regime; write uk" in done.stderr


def test_without_notice_it_says_so(settings: Path) -> None:
    """Nothing binds then."""
    document = yaml.safe_load(settings.read_text())
    del document["notice"]
    settings.write_text(yaml.safe_dump(document))
    done = CliRunner().invoke(app, ["regimes", "list", "-c", str(settings), "--json"])
    assert "`notice` is left out" in done.stderr
    assert not any(regime["binds"] for regime in json.loads(done.stdout))
