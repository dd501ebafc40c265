"""An exporter of event log files as others run it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from agent.simulator.log_files.truth import read_truth
from agent.simulator.running import RunningOrg
from tests.clients.conftest import PAGE
from tests.clients.exporter import Exporter


@pytest.fixture
def exporter(org: RunningOrg) -> Iterator[Exporter]:
    exporter = Exporter(org.url, org.ca)
    yield exporter
    exporter.close()


def test_it_exports_every_row(exporter: Exporter, org: RunningOrg) -> None:
    """With client credentials: all files of the window over several pages, row by row as the truth tells."""
    exporter.sign_in(
        grant_type="client_credentials", client_id=org.client_id, client_secret=org.client_secret_file.read_text()
    )
    now = org.org.now()
    files = list(exporter.files(now - timedelta(hours=6), now + timedelta(minutes=5)))
    assert len(files) > PAGE
    rows = {file["Id"]: sum(1 for _ in exporter.rows(file["LogFile"])) for file in files}
    told = dict(read_truth(org.truth).group_by("file").len().rows())
    assert rows == {ident: told[ident] for ident in rows}


def test_it_signs_in_with_a_key(exporter: Exporter, org: RunningOrg) -> None:
    """And watches the allowance."""
    exporter.sign_in_with_key(org.client_id, org.username, org.jwt_key_file, int(time.time()) + 120)
    before, after = exporter.limits(), exporter.limits()
    assert before["DailyApiRequests"]["Remaining"] - after["DailyApiRequests"]["Remaining"] == 1
    assert all({"Max", "Remaining"} <= limit.keys() for limit in after.values())


@pytest.mark.parametrize(("version", "status"), [("21.0", 410), ("30.0", 410), ("99.0", 404), ("60", 404)])
def test_a_version_that_is_gone_is_told_from_one_that_never_was(org: RunningOrg, version: str, status: int) -> None:
    """7 to 30 are retired."""
    exporter = Exporter(org.url, org.ca, version)
    exporter.sign_in_with_key(org.client_id, org.username, org.jwt_key_file, int(time.time()) + 120)
    with pytest.raises(requests.HTTPError) as refused:
        exporter.limits()
    assert refused.value.response.status_code == status
    exporter.close()
