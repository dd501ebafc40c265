"""A daemon does not start with settings that are weaker than the law, and goes by what they come to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings, parse
from agent.errors import SettingsError

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of-the-org")


def with_notice(folder: Path, **notice: Any) -> Settings:
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return parse(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "notice": notice,
        }
    )


@pytest.mark.usefixtures("secret")
def test_a_line_for_each_thing_that_is_weaker(tmp_path: Path) -> None:
    """Before the state is touched."""
    settings = with_notice(tmp_path, jurisdictions=["eu", "UK"], presume_aware_after="30d")
    with pytest.raises(SettingsError) as refused:
        build_node(settings, now=lambda: NOW, stop=StopEvent())
    lines = str(refused.value).splitlines()
    assert lines[0] == "notice.jurisdictions: 'UK' is not a jurisdiction of any regime; write uk"
    assert lines[1].startswith("notice.presume_aware_after: 30d is not within 3d")
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("secret")
def test_a_node_goes_by_lowered_defaults(tmp_path: Path) -> None:
    """Of a law with a shorter term than they are long; what is written stays, to be compared with what is approved."""
    node = build_node(with_notice(tmp_path, jurisdictions=["in"]), now=lambda: NOW, stop=StopEvent())
    try:
        assert node.notice is not None
        assert node.settings.notice is not None
        assert node.notice.longest_snooze == timedelta(hours=6)
        assert node.settings.notice.longest_snooze == timedelta(hours=24)
    finally:
        node.close()
