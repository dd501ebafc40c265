"""`leakline check` tells a secret that is no key of a trail, before a daemon refuses to start with it."""

from pathlib import Path

import pytest

from agent.check.secret_sources import examine_secrets
from agent.config.settings import Settings
from agent.model import Finding
from agent.signing.signed_note import NoteSigner


def findings(tmp_path: Path, key: str) -> list[Finding]:
    file = tmp_path / "key"
    file.write_text(key)
    file.chmod(0o600)
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"file": str(file)}}
    settings = Settings.model_validate(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
            "destinations": [{"type": "file", "directory": str(tmp_path)}],
            "trail": {"key": {"file": str(file)}},
        }
    )
    return list(examine_secrets(settings))


def test_a_key_is_fine(tmp_path: Path) -> None:
    """As `leakline trail new-key` prints one."""
    assert all(finding.ok for finding in findings(tmp_path, NoteSigner.generate("leakline/trail").private_text()))


@pytest.mark.parametrize("key", ["not a key", "PRIVATE+KEY+leakline/trail+00000000+AQ=="])
def test_another_secret_is_told_and_not_shown(key: str, tmp_path: Path) -> None:
    """By its place in the settings."""
    (finding,) = [finding for finding in findings(tmp_path, key) if not finding.ok]
    assert finding.message.startswith("trail.key: ")
    assert key not in finding.message
