"""Settings for commands and daemons in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Settings that load; nothing is asked of the org."""
    auth = {"type": "client_credentials", "client_id": "id", "client_secret": {"env": "HOME"}}
    document = {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "rules": {"shipped": False},
        "state": {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "s")},
    }
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
