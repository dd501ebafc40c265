"""A scripted org on the network: log files cut, dripping or in any encoding, and answers that never end."""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import gzip
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agent.simulator.api.exchange import ApiExchange
from agent.simulator.api.http_message import ApiAnswer, ApiRequest
from agent.simulator.api.oauth import Tokens
from agent.simulator.api.server import Server
from agent.simulator.log_files.log_file import LogFile
from agent.simulator.running import Keys, RunningOrg
from tests.scripted_org.answers import ScriptedRest, VerbatimAnswer, is_listing
from tests.scripted_org.scripted_org import ScriptedOrg

CHUNK = 1 << 16
"""Bytes of a log file's body that are written at once."""


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
        return ScriptedServer(self.org, rest, self.org.settings.port, keys.certificate, keys.key)


class ScriptedServer(Server):
    """Answers as a scripted org does."""

    org: ScriptedOrg

    def exchange(self) -> type[ApiExchange]:
        return _ScriptedExchange


@dataclass(frozen=True, slots=True)
class StuckAnswer(ApiAnswer):
    """A blank in five seconds, for ever."""


class _ScriptedExchange(ApiExchange):
    @property
    def org(self) -> ScriptedOrg:
        """What answers are made from."""
        assert isinstance(self.server.org, ScriptedOrg)
        return self.server.org

    def answer(self, kind: str, request: ApiRequest) -> ApiAnswer:
        org, name = self.org, "listing" if is_listing(kind, request) else kind
        if name in org.held:
            self._hold(name)
        if name in org.stuck:
            org.count(f"stuck {name}")
            return StuckAnswer()
        return super().answer(kind, request)

    async def send(self, answer: ApiAnswer) -> None:
        if isinstance(answer, StuckAnswer):
            await self._stay()
        elif isinstance(answer, VerbatimAnswer):
            await self.start(answer.status, {**answer.headers, "Content-Length": str(len(answer.body))})
            await self.write(answer.body, last=True)
        else:
            await super().send(answer)

    async def stream(self, answer: ApiAnswer, file: LogFile) -> None:
        org = self.org
        body, encoding = org.file(file.id).body, ""
        if org.gzip and self.wants_gzip():
            body, encoding = await self.on_thread(gzip.compress, body), "gzip"
        body, encoding = org.bodies.get(file.id, (body, encoding))
        coding = {"Content-Encoding": encoding} if encoding else {}
        await self.start(200, {"Content-Type": answer.content_type, **coding})
        end = min(org.cut_at.get(file.id, len(body)), org.end_at.get(file.id, len(body)))
        if file.id in org.drip:
            self.wire.drip(1, org.drip[file.id])
        await self.pass_on(body[start : min(start + CHUNK, end)] for start in range(0, end, CHUNK))
        if file.id in org.cut_at:
            await self.finish("close")
        else:
            await self.write(b"", last=True)

    def _hold(self, what: str) -> None:
        """Until it may be answered, or the server is closed."""
        org = self.org
        org.count(f"held {what}")
        while not org.held[what].wait(0.1) and not self.server.closing.is_set():
            continue

    async def _stay(self) -> None:
        await self.start(200, {"Content-Length": "1000000"})
        await self.write(b" ")
        self.org.is_stuck.set()
        while not self.wire.is_closing():
            await asyncio.sleep(5)
            await self.write(b" ")
