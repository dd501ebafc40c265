"""Credentials that were written where they do not belong: in a URL, in place of a reference to a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.config.settings_files import load
from agent.errors import SettingsError

SECRET = "hunter2/x?y"


def refusal(tmp_path: Path, text: str) -> str:
    (tmp_path / "leakline.yaml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "leakline.yaml")
    return str(refused.value)


def settings(destination: dict[str, Any] | None = None, org: dict[str, Any] | None = None) -> str:
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"file": "/run/x"}}
    return yaml.safe_dump(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth, **(org or {})}],
            "destinations": [destination or {"type": "file", "directory": "/tmp/x"}],
        }
    )


@pytest.mark.parametrize("kind", ["splunk", "elastic"])
@pytest.mark.parametrize(
    "url",
    [f"https://leak:{SECRET}@siem.example.com:8088", f"https://siem.example.com/?a={SECRET}"],
    ids=["user", "query"],
)
def test_a_destination_url_is_shown_without_credentials(tmp_path: Path, kind: str, url: str) -> None:
    """The refusal says which setting and which host, not with which password."""
    said = refusal(tmp_path, settings({"type": kind, "url": url, "token": {"file": "/x"}}))
    assert "hunter2" not in said
    assert "leak:" not in said
    assert "destinations[0].url: " in said
    assert "siem.example.com" in said


@pytest.mark.parametrize(
    "url",
    [f"http://leak:{SECRET}@proxy.example.com:3128", f"leak:{SECRET}@proxy.example.com:3128"],
    ids=["scheme", "no scheme"],
)
def test_a_proxy_url_is_shown_without_credentials(tmp_path: Path, url: str) -> None:
    """Credentials in `proxy.url` are refused, in favour of settings that keep them out of sight."""
    said = refusal(tmp_path, settings(org={"proxy": {"url": url}}))
    assert "hunter2" not in said
    assert "orgs[0].proxy.url: " in said
    assert "proxy.example.com" in said


def test_a_url_in_place_of_a_mapping_is_not_shown(tmp_path: Path) -> None:
    """`proxy: URL` is a common slip."""
    said = refusal(tmp_path, settings(org={"proxy": f"http://leak:{SECRET}@proxy.example.com:3128"}))
    assert "hunter2" not in said
    assert "orgs[0].proxy: " in said


def test_a_secret_in_the_settings_is_not_shown(tmp_path: Path) -> None:
    """Whatever the setting is called: only that it does not belong there."""
    for field in ("token", "api_key", "bearer", "password"):
        kind = {"type": "splunk" if field == "token" else "elastic", "url": "https://siem.example.com"}
        said = refusal(tmp_path, settings({**kind, field: SECRET, "username": "x"}))
        assert "hunter2" not in said
        assert f"destinations[0].{field}: a secret does not belong in the settings file" in said


def test_a_line_that_is_not_yaml_is_named_by_its_number(tmp_path: Path) -> None:
    """Not by what stands in it: it may be a password."""
    for value in ("!hunter2", "*hunter2", "'hunter2", "{hunter2", "@hunter2", "hunter2: x: y"):
        said = refusal(tmp_path, f"orgs: []\npassword: {value}\n")
        assert "hunter2" not in said
        assert "is not YAML" in said
        assert "line " in said
