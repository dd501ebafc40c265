"""A daemon does not start with settings that are weaker than the law, and goes by what they come to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings, parse
from agent.daemon.changes.settings_record import record_settings
from agent.errors import SettingsError
from agent.permissions.settings import PermissionSettings
from agent.store.keys import PROCESS

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
def test_a_file_that_is_weaker_keeps_no_approved_settings_from_starting(tmp_path: Path) -> None:
    """Whoever edits the file of a node with permissions cannot stop it by that."""
    permissions = PermissionSettings(groups={"admins": "admin", "dpo": "privacy"})
    approved = with_notice(tmp_path, jurisdictions=["eu"]).model_copy(update={"permissions": permissions})
    node = build_node(approved, now=lambda: NOW, stop=StopEvent())
    record_settings(node.shards[PROCESS].desk, node.settings)
    node.close()
    weaker = with_notice(tmp_path, jurisdictions=["eu"], presume_aware_after="30d")
    node = build_node(weaker, now=lambda: NOW, stop=StopEvent())
    try:
        assert node.settings == approved
    finally:
        node.close()


@pytest.mark.usefixtures("secret")
def test_a_file_that_is_weaker_starts_nothing_where_it_counts(tmp_path: Path) -> None:
    """Over a state too."""
    node = build_node(with_notice(tmp_path, jurisdictions=["eu"]), now=lambda: NOW, stop=StopEvent())
    record_settings(node.shards[PROCESS].desk, node.settings)
    node.close()
    weaker = with_notice(tmp_path, jurisdictions=["eu"], presume_aware_after="30d")
    with pytest.raises(SettingsError, match="30d is not within 3d"):
        build_node(weaker, now=lambda: NOW, stop=StopEvent())


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
