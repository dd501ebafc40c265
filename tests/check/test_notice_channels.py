"""`leakline check` says whether people can be told, and tries it where it is asked to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from agent.check.notice.channels import examine_channels
from agent.check.notice.tried_channels import try_channels
from agent.config.settings import Settings
from tests.destinations.http_server import HttpServer, Reply

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PEOPLE = [{"name": "ana", "channels": ["hook"]}, {"name": "ben", "channels": ["hook", "mail"]}]
MAIL = {"name": "mail", "type": "smtp", "host": "localhost", "from": "leakline@example.com"}


def settings(folder: Path, notice: dict[str, Any]) -> Settings:
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"env": "SECRET"}}
    return Settings.model_validate(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}],
            "destinations": [{"type": "file", "name": "files", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "notice": notice,
        }
    )


def hook(folder: Path, url: str = "https://hook.example.com", name: str = "hook") -> dict[str, Any]:
    file = folder / "secret"
    file.write_text(SECRET)
    return {"name": name, "type": "webhook", "url": url, "secret": {"file": str(file)}}


def wrong(folder: Path, notice: dict[str, Any]) -> list[str]:
    return [finding.message for finding in examine_channels(settings(folder, notice)) if not finding.ok]


def test_that_nobody_can_be_told_is_said(tmp_path: Path) -> None:
    """With neither people nor channels."""
    assert "no people and no channels" in wrong(tmp_path, {})[0]


def test_one_channel_for_grave_incidents_is_doubtful(tmp_path: Path) -> None:
    """By whom the steps name: ana has one, ana and ben have two."""
    channels = [hook(tmp_path), MAIL]
    narrow = {"name": "p", "levels": ["high"], "steps": [{"notify": ["ana"]}]}
    found = wrong(tmp_path, {"people": PEOPLE, "channels": channels, "policies": [narrow]})
    assert len(found) == 1 and "only over hook" in found[0]
    wide = narrow | {"steps": [{"notify": ["everyone"]}]}
    assert wrong(tmp_path, {"people": PEOPLE, "channels": channels, "policies": [wide]}) == []
    low = narrow | {"levels": ["low"]}
    assert wrong(tmp_path, {"people": PEOPLE, "channels": channels, "policies": [low]}) == []


def test_a_secret_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """Of the channel that has it."""
    lost = hook(tmp_path) | {"secret": {"file": str(tmp_path / "nowhere")}}
    assert any("nowhere" in message for message in wrong(tmp_path, {"people": PEOPLE, "channels": [lost, MAIL]}))


def test_without_links_it_is_said(tmp_path: Path) -> None:
    """Which is no fault."""
    found = list(examine_channels(settings(tmp_path, {"people": PEOPLE, "channels": [hook(tmp_path), MAIL]})))
    assert all(finding.ok for finding in found)
    assert any("public_url" in finding.message for finding in found)


@pytest.mark.parametrize(
    ("named", "further", "reason"),
    [("siem", {}, "not under `destinations`"), ("files", {"lanes": ["events"]}, "does not get alerts")],
)
def test_a_channel_names_a_destination_that_takes_alerts(
    tmp_path: Path, named: str, further: dict[str, Any], reason: str
) -> None:
    """Else nothing would be told there."""
    notice = {"channels": [{"name": "lane", "type": "destination", "destination": named}]}
    document = settings(tmp_path, {}).model_dump(mode="json", exclude_unset=True) | {"notice": notice}
    document["destinations"][0] |= further
    with pytest.raises(ValidationError, match=reason):
        Settings.model_validate(document)


def test_a_test_is_sent_and_its_answer_is_shown(tmp_path: Path) -> None:
    """Marked as one; a channel that refuses fails, and an unknown one too."""
    server = HttpServer(lambda _: Reply(200, b"taken"))
    try:
        channels = [hook(tmp_path, server.url), hook(tmp_path, server.url, "other")]
        known = settings(tmp_path, {"people": PEOPLE, "channels": [*channels, MAIL]})
        (finding,) = try_channels(known, ["hook"], lambda: NOW)
        assert finding.ok and "for ana, ben was accepted: answered 200" in finding.message
        body = orjson.loads(server.requests[0].body)
        assert body["data"]["summary"].startswith("[TEST] ") and body["data"]["kind"] == "test"
        server.answer = lambda _: Reply(403, b"no")
        assert [finding.ok for finding in try_channels(known, ["other", "nothing"], lambda: NOW)] == [False, False]
    finally:
        server.stop()
