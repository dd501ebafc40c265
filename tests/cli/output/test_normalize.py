from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from rich.console import Console
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.output.normalize import write_normalized
from agent.enrichment.address_database import write_mmdb
from agent.errors import LeaklineError
from tests.enrichment.geo_network import GeoNetwork

LOG = (
    '"EVENT_TYPE","TIMESTAMP_DERIVED","ORGANIZATION_ID","USER_ID","CLIENT_IP","USER_AGENT"\n'
    '"RestApi","2026-07-01T08:00:00.000Z","00D5f000005XrT2","0055f000008aaaa","22.40.8.9","python-requests/2.32.3"\n'
)


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """A command turns logging off for its process; here other tests follow."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


def test_user_agents_are_parsed(log: Path) -> None:
    """Without settings too, rows have what the daemon adds that needs neither an org nor a database."""
    out = io.BytesIO()
    assert write_normalized([log], None, "ecs", out, Console(file=io.StringIO())) == 0
    document = json.loads(out.getvalue())
    assert document["user_agent"]["name"] == "Python Requests"
    assert document["leakline"]["client_kind"]
    assert "geo" not in document["source"]
    assert "ingested" not in document["event"]


def test_settings_bring_databases_and_mappings(log: Path, tmp_path: Path, logging_as_before: None) -> None:
    """With -c a line has the place of its address and the fields of the installation's own mapping."""
    write_mmdb(tmp_path / "a.mmdb", [GeoNetwork("22.40.8.0/24", "DE", "Germany", asn=64500)])
    mapping = tmp_path / "mappings" / "event_log_file" / "RestApi.yaml"
    mapping.parent.mkdir(parents=True)
    mapping.write_text("event_type: RestApi\ndataset: ours\naction: rest-called-here\n")
    (tmp_path / "token").write_text("t")
    settings = tmp_path / "leakline.yaml"
    settings.write_text(
        f"orgs: [{{name: acme, url: 'https://acme.my.salesforce.com', auth: {{type: client_credentials,"
        f" client_id: c, client_secret: {{file: {tmp_path}/token}}}}}}]\n"
        f"destinations: [{{type: file, directory: {tmp_path}/out}}]\n"
        f"state: {{directory: {tmp_path}/state}}\n"
        f"enrich: {{databases: [{tmp_path}/a.mmdb]}}\n"
        f"normalize: {{mappings: [{tmp_path}/mappings], keep_original: true}}\n"
    )
    result = CliRunner().invoke(app, ["normalize", str(log), "-c", str(settings)])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["source"]["geo"]["country_iso_code"] == "DE"
    assert document["event"]["action"] == "rest-called-here"
    assert document["event"]["dataset"] == "salesforce.ours"
    assert json.loads(document["event"]["original"])["CLIENT_IP"] == "22.40.8.9"


def test_a_row_that_says_no_org_has_none(tmp_path: Path) -> None:
    """An empty text is no value: it would be the org of nobody."""
    path = tmp_path / "log.csv"
    path.write_text('"EVENT_TYPE","TIMESTAMP_DERIVED"\n"RestApi","2026-07-01T08:00:00.000Z"\n')
    out = io.BytesIO()
    assert write_normalized([path], None, "ecs", out, Console(file=io.StringIO())) == 0
    assert "organization" not in json.loads(out.getvalue())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "nofile.csv cannot be read (No such file or directory): name a log file"),
        ('{"a": 1}\n', "log.csv is not a log file (JSON instead of a log file): name event log files"),
        ("", "log.csv is not a log file (empty, without even a header): name event log files"),
    ],
)
def test_what_is_no_log_file_is_said_once(tmp_path: Path, content: str | None, message: str) -> None:
    """The name, the reason, what to do: not what somebody would do who fetches files from an org."""
    path = tmp_path / ("nofile.csv" if content is None else "log.csv")
    if content is not None:
        path.write_text(content)
    with pytest.raises(LeaklineError) as raised:
        write_normalized([path], None, "ecs", io.BytesIO(), Console(file=io.StringIO()))
    assert str(raised.value).startswith(f"{tmp_path}/{message}")
