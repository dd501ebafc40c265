"""`leakline check` says in plain words what is wrong, and what to do."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.check.examine import examine as examine_file
from agent.demo.org_process import simulated_org
from agent.model import Finding
from tests.certificates import make_certificates
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer


class FaultSwitches:
    """The simulated org's faults, while a test runs."""

    def __init__(self, org: dict[str, str]) -> None:
        self._url = f"{org['url']}/__simulator/faults"
        self._context = ssl.create_default_context(cafile=org["ca"])

    def set(self, **faults: Any) -> None:
        request = urllib.request.Request(self._url, json.dumps(faults).encode(), method="POST")
        urllib.request.urlopen(request, context=self._context).close()


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A small org with daily files too."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=4, rows=2_000, options=()) as facts:
        yield facts


@pytest.fixture
def switches(org: dict[str, str]) -> Iterator[FaultSwitches]:
    switches = FaultSwitches(org)
    yield switches
    switches.set(missing_permission="", no_hourly=False, free_only=False, api_disabled=False)


@pytest.fixture
def examined(tmp_path: Path, document: dict[str, Any]) -> Callable[..., list[Finding]]:
    def examine(
        *, offline: bool = False, send_test_event: bool = False, install_templates: bool = False
    ) -> list[Finding]:
        path = tmp_path / "leakline.yaml"
        path.write_text(yaml.safe_dump(document))
        return list(
            examine_file(path, offline=offline, send_test_event=send_test_event, install_templates=install_templates)
        )

    return examine


@pytest.fixture
def hec() -> Iterator[HttpServer]:
    with ExitStack() as servers:
        server = HttpServer(HecServer())
        servers.callback(server.stop)
        yield server


def wrong(findings: list[Finding]) -> str:
    """What is to be mended or known, with the mends."""
    return "\n".join(f"{f.subject}: {f.message} -> {f.fix}" for f in findings if not f.ok)


def splunk(url: str, folder: Path, token: str) -> dict[str, Any]:
    (folder / "token").write_text(token)
    return {"type": "splunk", "url": url, "token": {"file": str(folder / "token")}}


def test_a_sound_installation_has_nothing_to_mend(examined: Callable[..., list[Finding]]) -> None:
    """Against a healthy org and a folder nothing has to be mended."""
    assert [finding for finding in examined() if not finding.ok and not finding.warning] == []


def test_wrong_client_secret(examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path) -> None:
    """It says that the secret is wrong, not just that something failed."""
    (tmp_path / "secret").write_text("not the secret")
    document["orgs"][0]["auth"]["client_secret"] = {"file": str(tmp_path / "secret")}
    words = wrong(examined())
    assert "secret" in words.lower()
    assert "not the secret" not in words


def test_key_that_the_org_does_not_know(
    examined: Callable[..., list[Finding]], document: dict[str, Any], org: dict[str, str], tmp_path: Path
) -> None:
    """A key that was replaced or has expired points to the app's certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    document["orgs"][0]["auth"] = {
        "type": "jwt_bearer",
        "client_id": org["client id"],
        "username": org["username"],
        "key": {"file": str(tmp_path / "key.pem")},
    }
    words = wrong(examined())
    assert "key" in words
    assert "certificate" in words


@pytest.mark.parametrize("kind", ["invalid_type", "empty"])
def test_missing_permission(examined: Callable[..., list[Finding]], switches: FaultSwitches, kind: str) -> None:
    """It names the permission."""
    switches.set(missing_permission=kind)
    assert "View Event Log Files" in wrong(examined())


def test_no_hourly_files(examined: Callable[..., list[Finding]], switches: FaultSwitches) -> None:
    """It says that daily files are read and how late they are."""
    switches.set(no_hourly=True)
    words = wrong(examined())
    assert "hourly" in words
    assert "daily" in words


def test_no_licence(examined: Callable[..., list[Finding]], switches: FaultSwitches) -> None:
    """With the free event types alone it names the add-on."""
    switches.set(free_only=True)
    assert "Event Monitoring" in wrong(examined())


def test_untrusted_certificate(examined: Callable[..., list[Finding]], document: dict[str, Any]) -> None:
    """An unknown authority is named as such, with the setting to change."""
    del document["orgs"][0]["tls"]
    words = wrong(examined())
    assert "certificate is not trusted" in words
    assert "tls.ca" in words


def test_unreachable_siem(examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path) -> None:
    """A closed port is a refused connection."""
    document["destinations"] = [splunk("https://localhost:1", tmp_path, TOKEN)]
    assert "refused" in wrong(examined())


def test_siem_with_an_untrusted_certificate(
    examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path
) -> None:
    """A SIEM's certificate counts as much as the org's."""
    certificates = make_certificates(tmp_path)
    server = HttpServer(HecServer(), certificates.server_context())
    try:
        document["destinations"] = [splunk(server.url, tmp_path, TOKEN)]
        assert "certificate is not trusted" in wrong(examined())
    finally:
        server.stop()


def test_wrong_hec_token(
    examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path, hec: HttpServer
) -> None:
    """A healthy HEC that does not know the token is not a dead one."""
    document["destinations"] = [splunk(hec.url, tmp_path, "99999999-2222-3333-4444-555555555555")]
    assert "token" in wrong(examined())


def test_a_test_event_arrives_and_is_found(
    examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path, hec: HttpServer
) -> None:
    """One marked event is sent, and its id is in the search that is printed."""
    document["destinations"] = [splunk(hec.url, tmp_path, TOKEN)]
    (said,) = [finding.message for finding in examined(send_test_event=True) if "test event" in finding.subject]
    (event,) = hec.answer.events  # type: ignore[attr-defined]
    assert event["fields"]["event_id"] in said
    assert "test event" in event["event"]["message"]


def test_the_index_template_is_installed_on_request(
    examined: Callable[..., list[Finding]], document: dict[str, Any], tmp_path: Path
) -> None:
    """Without it a `_bulk` server is something to mend; with `--install-templates` it is there."""
    (tmp_path / "password").write_text(PASSWORD)
    bulk = BulkServer()
    server = HttpServer(bulk)
    try:
        password = {"file": str(tmp_path / "password")}
        document["destinations"] = [{"type": "elastic", "url": server.url, "username": USER, "password": password}]
        assert "--install-templates" in wrong(examined())
        assert "--install-templates" not in wrong(examined(install_templates=True))
        assert bulk.templates
    finally:
        server.stop()


def test_offline_asks_nobody(examined: Callable[..., list[Finding]], document: dict[str, Any]) -> None:
    """Without a connection only what lies on this machine is looked at."""
    document["orgs"][0]["url"] = "https://localhost:1"
    assert not any(finding.subject.startswith("org") for finding in examined(offline=True))
