"""An org on the network, with everything a client needs to reach it.

settings = SimulatorSettings(folder=Path("org"), delay=(timedelta(0), timedelta(0)))
with serve(settings) as running:
print(running.url, running.ca)
"""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import Self

from agent.simulator.api.certificate import make_certificates, make_signing_key, write_secret
from agent.simulator.api.oauth import RegisteredClient, Tokens
from agent.simulator.api.rest import Rest
from agent.simulator.api.server import Server
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.world.simulator_settings import SimulatorSettings

CLIENT_ID = "3MVG9leakline.simulated.org"
"""The consumer key of the one registered app, the same for every org so that a settings file can name it."""


def serve(settings: SimulatorSettings) -> RunningOrg:
    """Make an org and answer for it over HTTPS on loopback, until closed."""
    return RunningOrg(SimulatedOrg(settings))


class RunningOrg:
    """Answers until closed; a context manager. Secrets are in files, mode 0600."""

    def __init__(self, org: SimulatedOrg) -> None:
        self.org = org
        folder = org.settings.folder
        self.ca, certificate, key = make_certificates(folder)
        """The authority that signed the server's certificate (PEM)."""
        self.client_id = CLIENT_ID
        self.client_secret_file = _secret(folder / "client-secret")
        self.refresh_token_file = _secret(folder / "refresh-token")
        self.jwt_key_file = folder / "jwt-key.pem"
        self.username = org.staff.watcher.username
        self.truth = org.truth
        registered = RegisteredClient(
            self.client_id,
            self.client_secret_file.read_text(),
            self.username,
            self.refresh_token_file.read_text(),
            make_signing_key(self.jwt_key_file),
        )
        self.tokens = Tokens(registered, org.id, org.settings.session_timeout, (org.now, org.base_now))
        self._server = Server(org, Rest(org, self.tokens), org.settings.port, certificate, key)
        self.url = f"https://localhost:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulated-org", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering; the files stay."""
        self._server.close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _secret(path: Path) -> Path:
    write_secret(path, secrets.token_urlsafe(32))
    return path
