"""An org on the network, with everything a client needs to reach it.

settings = SimulatorSettings(folder=Path("org"), delay=(timedelta(0), timedelta(0)))
with serve(settings) as running:
print(running.url, running.ca)
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from agent.simulator.api.certificate import (
    HOSTS,
    make_certificates,
    make_client_certificate,
    make_signing_key,
    write_secret,
)
from agent.simulator.api.oauth import RegisteredClient, Tokens
from agent.simulator.api.rest import Rest
from agent.simulator.api.server import Server
from agent.simulator.event_stream.live_traffic import LiveTraffic
from agent.simulator.org.simulated_org import HOST, SimulatedOrg
from agent.simulator.outbound_messages.message_sender import MessageSender
from agent.simulator.pubsub.bus_tenant import BusTenant
from agent.simulator.pubsub.pubsub_server import PubSubServer
from agent.simulator.world.simulator_settings import SimulatorSettings

CLIENT_ID = "3MVG9leakline.simulated.org"
"""The consumer key of the one registered app, the same for every org so that a settings file can name it."""


def serve(settings: SimulatorSettings) -> RunningOrg:
    """Make an org and answer for it over HTTPS on loopback, until closed."""
    return RunningOrg(SimulatedOrg(settings))


@dataclass(frozen=True, slots=True)
class Keys:
    """What an org proves itself by, and its client; several orgs may share them."""

    ca: Path
    """The authority that signed the server's certificate (PEM)."""
    certificate: Path
    key: Path
    jwt_key_file: Path
    """The client's private key (PEM)."""
    jwt_public_key: RSAPublicKey

    @classmethod
    def made(cls, folder: Path) -> Keys:
        """New ones, written to `folder`."""
        jwt_key_file = folder / "jwt-key.pem"
        return cls(*make_certificates(folder), jwt_key_file, make_signing_key(jwt_key_file))


class RunningOrg:
    """Answers until closed; a context manager. Secrets are in files, mode 0600."""

    def __init__(self, org: SimulatedOrg, keys: Keys | None = None) -> None:
        self.org = org
        folder = org.settings.folder
        keys = keys or Keys.made(folder)
        self.ca = keys.ca
        self.client_id = CLIENT_ID
        self.client_secret_file = _secret(folder / "client-secret")
        self.refresh_token_file = _secret(folder / "refresh-token")
        self.jwt_key_file = keys.jwt_key_file
        self.username = org.staff.watcher.username
        self.truth = org.truth
        registered = RegisteredClient(
            self.client_id,
            self.client_secret_file.read_text(),
            self.username,
            self.refresh_token_file.read_text(),
            keys.jwt_public_key,
        )
        self.tokens = Tokens(registered, org.id, org.settings.session_timeout, (org.now, org.base_now))
        self.pubsub_server = PubSubServer(
            bus_tenant(org, self.tokens),
            org.settings.pubsub_port,
            keys.certificate,
            keys.key,
            org.settings.keep_alive.total_seconds(),
        )
        self.pubsub = f"localhost:{self.pubsub_server.port}"
        """Host and port of the Pub/Sub API."""
        self.outbound = self._outbound()
        """None where the org sends no outbound messages."""
        self._live = LiveTraffic(org.publisher, org.until, org.settings.speed)
        self._server = self.server(keys)
        self.url = f"https://localhost:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="simulated-org", daemon=True)
        self._thread.start()

    def server(self, keys: Keys) -> Server:
        """What answers on the network."""
        rest = Rest(self.org, self.tokens, trigger=self.outbound.trigger if self.outbound else None)
        return Server(self.org, rest, self.org.settings.port, keys.certificate, keys.key)

    def _outbound(self) -> MessageSender | None:
        settings = self.org.settings
        if settings.outbound is None:
            return None
        return MessageSender(self.org, HOST, settings.outbound, make_client_certificate(settings.folder, HOST))

    def close(self) -> None:
        """Stop answering; the files stay."""
        if self.outbound is not None:
            self.outbound.close()
        self._live.close()
        self.pubsub_server.close()
        self._server.close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bus_tenant(org: SimulatedOrg, tokens: Tokens) -> BusTenant:
    """What the Pub/Sub API is to know of an org."""
    return BusTenant(
        id=org.id,
        domain=HOST.partition(".")[0],
        hosts=frozenset((HOST, *HOSTS, "127.0.0.1", "::1")),
        bus=org.bus,
        now=lambda: int(org.now().timestamp() * 1000),
        faults=lambda: org.stream_faults,
        admits=lambda token: tokens.check(token, org.faults),
        holds=lambda token, used: tokens.holds(token, org.faults, used=used),
        count=org.count,
        offers=org.streams,
    )


def _secret(path: Path) -> Path:
    write_secret(path, secrets.token_urlsafe(32))
    return path
