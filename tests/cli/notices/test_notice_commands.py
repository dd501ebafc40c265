"""`leakline notices …`, of a state that no daemon has open, and over a daemon's socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from agent.cli.app import app
from agent.cli.output.notices import answers
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError
from agent.exit_status import FINE, WRONG_USAGE
from tests.notice.drafts.notice_state import ORG, ORGANISATION, SA, opened
from tests.notice.incidents.made_incident import NOW

SETTINGS_FILE = {
    "orgs": [
        {
            "name": ORG,
            "url": "https://acme.my.salesforce.com",
            "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "NOT_SET_HERE"}},
        }
    ],
    "destinations": [{"type": "file", "directory": "out"}],
    "notice": {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "organisation": ORGANISATION},
}


@pytest.fixture(autouse=True)
def _moved_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' own, for what they do without a daemon."""
    monkeypatch.setattr(answers, "utc_now", lambda: NOW)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of the state in the same folder, and of its socket."""
    path = tmp_path / "leakline.yaml"
    state = {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "control.sock")}
    path.write_text(yaml.safe_dump({**SETTINGS_FILE, "state": state}))
    return path


@pytest.fixture(params=["over the socket", "of the state alone"])
def number(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The id of an incident, which a daemon has, or a state that no daemon has open."""
    with opened(tmp_path) as state:
        id_ = state.number
        if request.param == "over the socket":
            server = ControlServer(tmp_path / "control.sock", state.commands)
            try:
                yield id_
            finally:
                server.close()
            return
    yield id_


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["notices", *arguments, "-c", str(config)])


def said(config: Path, *arguments: str) -> str:
    done = run(config, *arguments)
    assert done.exit_code == FINE, done.output
    return done.stdout


def answered(config: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(said(config, *arguments))
    return found


def test_a_notice_goes_from_a_draft_to_its_receipt(config: Path, number: str, tmp_path: Path) -> None:
    """As a privacy officer goes through it."""
    listed = said(config, "list")
    dates = "before 2026-11-30 11:00 UTC (2 d 23 h left), strictly before 2026-11-30 10:00 UTC"
    assert f"{SA} for {number}: {dates}, to authority" in listed
    assert "no draft, 12 missing: organisation_address" in listed
    assert "This is not legal advice." in listed
    assert "A preview" in said(config, "show", number, SA)
    file = tmp_path / "texts.yaml"
    file.write_text("description: |\n  a list\n  of customers\ncross_border: no\npersons_affected: 1200\n")
    drafted = said(config, "draft", number[:9], SA, "--from", str(file), "--set", "risk_level=low")
    assert f"version 1 (incomplete) of {SA} for {number} is drafted" in drafted
    assert f"`leakline incidents fact {number} records_affected=VALUE -c {config}`" in drafted
    assert "`address` under `notice.organisation` in the settings" in drafted
    assert "persons_affected" not in drafted
    assert "is signed by" in said(config, "sign", number, SA)
    assert "signed v1" in said(config, "list")
    arguments = ["--receipt", "LDI-1", "--at", "2026-11-27T12:30", "--channel", "portal"]
    assert "recorded as sent; its clock ends by that" in said(config, "sent", number, SA, *arguments)
    assert "sent v1 (receipt LDI-1)" in said(config, "list")
    assert "missing in what was sent" in said(config, "draft", number, SA, "--follow-up")
    found = answered(config, "show", number, SA, "--format", "json")
    assert found["submissions"][0]["at"] == "2026-11-27T11:30:00Z"  # 12:30 in Berlin
    texts = {entry["id"]: entry["text"] for entry in found["version"]["entries"]}
    assert (texts["description"], texts["cross_border"]) == ("a list\nof customers", "no")
    contract = [number, "contract:big/customer", "--reason", "none of their data", "--approver", "C. Dubois"]
    assert "recorded as not-applicable" in said(config, "not-applicable", *contract)


def test_a_document_says_what_it_is_and_what_is_missing(config: Path, number: str) -> None:
    """In both forms."""
    said(config, "draft", number, SA)
    for form in ("text", "markdown"):
        document = said(config, "show", number, SA, "--format", form)
        for part in ("Prepared by Leakline, not filed", "not legal advice", "Example Ltd", "MISSING", "No sign-off"):
            assert part in document


def test_what_people_write_is_no_markup(config: Path, number: str) -> None:
    """In Markdown each line of it is in an indented block; on a terminal it is as it was written."""
    text = "</pre><script>x</script>\n# A heading\n[link](http://x)\n```\n- item"
    said(config, "draft", number, SA, "--set", f"measures_taken={text}")
    document = said(config, "show", number, SA, "--format", "markdown")
    for line in text.splitlines():
        (shown,) = [found for found in document.splitlines() if line in found]
        assert shown == f"    {line}"
    headings = [line for line in document.splitlines() if line.startswith("#")]
    assert "# A heading" not in headings
    assert "[link](http://x)" in said(config, "show", number, SA)


def test_a_refusal_is_a_sentence(config: Path, number: str, tmp_path: Path) -> None:
    """Of the daemon, or of the command."""
    (tmp_path / "list.yaml").write_text("- a\n")
    (tmp_path / "deep.yaml").write_text("description: {a: b}\n")
    (tmp_path / "bad.yaml").write_text("{")
    for arguments, part in (
        (["show", number, "eu-gdpr-33/as"], "is not an obligation"),
        (["sign", number, SA], "there is no draft"),
        (["draft", number, SA, "--set", "x"], "FIELD=VALUE"),
        (["draft", number, SA, "--set", "x=y"], "is not a field"),
        (["draft", number, SA, "--follow-up"], "not recorded as sent"),
        (["draft", number, SA, "--from", str(tmp_path / "none.yaml")], "cannot be read"),
        (["draft", number, SA, "--from", str(tmp_path / "list.yaml")], "is not a mapping"),
        (["draft", number, SA, "--from", str(tmp_path / "deep.yaml")], "is not a text"),
        (["draft", number, SA, "--from", str(tmp_path / "bad.yaml")], "is not YAML"),
    ):
        done = run(config, *arguments)
        assert isinstance(done.exception, LeaklineError), done.output
        assert part in str(done.exception)
    assert run(config, "draft", number, SA, "--follow-up", "--withdraw").exit_code == WRONG_USAGE


def test_without_an_incident_there_is_nothing_to_send(config: Path) -> None:
    """The list says so."""
    assert said(config, "list") == "Nothing has to be sent: no incident has a clock.\n"
