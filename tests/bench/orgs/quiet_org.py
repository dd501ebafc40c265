"""A scripted org that streams nothing: HTTPS alone, behind a gate; an idle one costs neither core time nor gRPC's threads."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from pathlib import Path

from agent.simulator.api.certificate import write_secret
from agent.simulator.api.oauth import RegisteredClient, Tokens
from agent.simulator.running import CLIENT_ID, Keys
from tests.bench.orgs.failing_ways import API_CALLS, FailingWay, heal
from tests.bench.orgs.gate import Gate, GateLoop
from tests.scripted_org.answers import ScriptedRest
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg
from tests.scripted_org.serving import ScriptedServer


def now() -> dt.datetime:
    """The clock of these orgs."""
    return dt.datetime.now(dt.UTC)


class QuietOrg:
    """Answers for as long as the process lives."""

    def __init__(self, folder: Path, seed: int, keys: Keys, gates: GateLoop) -> None:
        self.org = ScriptedOrg(folder, now, seed)
        self.org.change_faults(limit_after=API_CALLS)
        secret = secrets.token_urlsafe(32)
        self._secret_file = folder / "client-secret"
        write_secret(self._secret_file, secret)
        client = RegisteredClient(CLIENT_ID, secret, self.org.staff.watcher.username, "none", keys.jwt_public_key)
        tokens = Tokens(client, self.org.id, self.org.settings.session_timeout, (now, now))
        server = ScriptedServer(self.org, ScriptedRest(self.org, tokens), 0, keys.certificate, keys.key)
        threading.Thread(target=server.serve_forever, name="quiet-org", daemon=True).start()
        self._gate = Gate(gates, server.port)
        self._way: FailingWay | None = None
        self._asked_before = 0
        self.facts = {
            "url": f"https://localhost:{self._gate.port}",
            "ca": str(keys.ca),
            "client id": CLIENT_ID,
            "secret": str(self._secret_file),
            "id": self.org.id,
        }
        self.org.url = self.facts["url"]

    def show(self, packed: bytes, length: int) -> None:
        """A further RestApi file, there at once; there is something wrong with it while the org fails in such a way."""
        ident, at = f"0AT{len(self.org.files):015d}", now()
        hour = at.replace(minute=0, second=0, microsecond=0)
        self.org.bodies[ident] = (packed, "gzip")
        if self._way is not None:
            self._way.file(self.org, ident)
        self.org.files.append(ScriptedFile(ident, at, hour, b"", "RestApi", length=length))

    def fail(self, way: FailingWay) -> None:
        """From now on."""
        self._way, self._asked_before = way, self._asked()
        way.begin(self.org)
        self._gate.change(way.gate)

    def heal(self) -> None:
        """Well again."""
        self._way = None
        heal(self.org)
        self._gate.change("open")

    def failures(self) -> int:
        """How often it was asked since it began to fail."""
        return self._asked() - self._asked_before

    def polls(self) -> int:
        """Each poll asks once what was created; one that looks far back asks more."""
        return sum("CreatedDate >" in soql for soql in list(self.org.queries))

    def _asked(self) -> int:
        return self._gate.taken + sum(self.org.calls.values())
