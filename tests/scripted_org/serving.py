"""A scripted org on the network: log files cut, dripping or in any encoding, and answers that never end."""

from __future__ import annotations

import atexit
import datetime as dt
import gzip
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from agent.simulator.api.http_message import ApiAnswer, ApiRequest
from agent.simulator.api.oauth import Tokens
from agent.simulator.api.server import ConnectionHandler, Server
from agent.simulator.log_files.log_file import LogFile
from agent.simulator.running import Keys, RunningOrg
from agent.simulator.world.faults import Faults
from tests.scripted_org.answers import ScriptedRest, VerbatimAnswer, is_listing
from tests.scripted_org.scripted_org import ScriptedOrg


@cache
def shared_keys() -> Keys:
    """All scripted orgs of a test run have one authority: making keys takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="leakline-test-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Keys.made(folder)


class RunningScriptedOrg(RunningOrg):
    """Answers for a `ScriptedOrg` until closed."""

    org: ScriptedOrg

    def __init__(self, folder: Path, clock: Callable[[], dt.datetime], seed: int = 7, keys: Keys | None = None) -> None:
        super().__init__(ScriptedOrg(folder, clock, seed), keys or shared_keys())
        self.org.url = self.url

    def trust(self, tokens: Tokens) -> None:
        """Take the tokens that another org gave instead of its own."""
        self._server.rest = ScriptedRest(self.org, tokens)

    def server(self, keys: Keys) -> Server:
        """See `RunningOrg.server`."""
        rest = ScriptedRest(self.org, self.tokens)
        return _ScriptedServer(self.org, rest, self.org.settings.port, keys.certificate, keys.key)


class _ScriptedServer(Server):
    org: ScriptedOrg

    def handler(self) -> type[ConnectionHandler]:
        return _ScriptedHandler


class _ScriptedHandler(ConnectionHandler):
    server: _ScriptedServer

    def _answer(self, kind: str, request: ApiRequest) -> None:
        name = "listing" if is_listing(kind, request) else kind
        if name in self.server.org.held:
            self._hold(name)
        if name in self.server.org.stuck:
            self._stay(name)
        else:
            super()._answer(kind, request)

    def _send(self, answer: ApiAnswer, *, cut: bool = False) -> None:
        if not isinstance(answer, VerbatimAnswer):
            super()._send(answer, cut=cut)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _stream(self, answer: ApiAnswer, file: LogFile, faults: Faults) -> None:
        org = self.server.org
        body, encoding = org.file(file.id).body, ""
        if org.gzip and self._wants_gzip():
            body, encoding = gzip.compress(body), "gzip"
        body, encoding = org.bodies.get(file.id, (body, encoding))
        self.send_response(200)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        end = min(org.cut_at.get(file.id, len(body)), org.end_at.get(file.id, len(body)))
        with suppress(OSError):
            self._send_chunks(body[:end], org.drip.get(file.id))
            if file.id not in org.cut_at:
                self.wfile.write(b"0\r\n\r\n")
                return
        self.close_connection = True

    def _send_chunks(self, body: bytes, pause: float | None) -> None:
        """In chunks of 64 kB; a byte at a time with a pause after each if there is to be one."""
        step = 1 << 16 if pause is None else 1
        for start in range(0, len(body), step):
            chunk = body[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if pause is not None and self.server.closing.wait(pause):
                return

    def _hold(self, what: str) -> None:
        """Until it may be answered, or the server is closed."""
        org = self.server.org
        org.count(f"held {what}")
        while not org.held[what].wait(0.1) and not self.server.closing.is_set():
            continue

    def _stay(self, what: str) -> None:
        """Answer with a blank in five seconds, for ever."""
        self.server.org.count(f"stuck {what}")
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(b" ")
            self.server.org.is_stuck.set()
            while not self.server.closing.wait(5):
                self.wfile.write(b" ")
