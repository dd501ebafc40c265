"""Every destination with a server at its other end, for the contract that all of them keep."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from agent.destinations.elastic.elastic import Elastic, ElasticSettings
from agent.destinations.file.file import File, FileSettings
from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from agent.model import Destination
from tests.certificates import Certificates
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply, Responder
from tests.destinations.rows import as_json, sending_time
from tests.destinations.syslog_server import DatagramReceiver, StreamReceiver

Arrived = Callable[[int], list[tuple[str, str]]]


@dataclass
class Harness:
    """A destination and what a test can see and do at its other end."""

    destination: Destination
    arrived: Arrived
    """Waits for so many rows; (event id, line) of each, as it arrived."""
    down: Callable[[], None] | None = None
    up: Callable[[], None] | None = None
    lose_next_answer: Callable[[], None] | None = None


@dataclass
class HarnessBuilder:
    """`kind`: a `type` of the settings' union, and what it is a variant of. A destination has a method of its type's name."""

    opened: ExitStack
    folder: Path
    certificates: Certificates

    def build(self, kind: str) -> Harness:
        family, _, variant = kind.partition(" ")
        harness: Harness = getattr(self, family)(variant)
        self.opened.callback(harness.destination.close)
        return harness

    def splunk(self, variant: str) -> Harness:
        hec = HecServer(acknowledges=variant == "acknowledged")
        server = self._http(hec)
        settings = SplunkSettings.model_validate(
            {"type": "splunk", "url": server.url, "token": self._secret(TOKEN), "index": "main", "tls": self._ca()}
            | {"acknowledgements": hec.acknowledges}
        )
        destination = Splunk(settings, as_json, wait=lambda _: False)

        def arrived(_: int) -> list[tuple[str, str]]:
            # The model parses events; our lines are what orjson writes for them.
            return [(event["fields"]["event_id"], orjson.dumps(event["event"]).decode()) for event in hec.events]

        return self._over_http(destination, arrived, server)

    def elastic(self, variant: str) -> Harness:
        bulk = BulkServer()
        server = self._http(bulk)
        settings = ElasticSettings.model_validate(
            {"type": "elastic", "url": server.url, "username": USER, "password": self._secret(PASSWORD)}
            | {"tls": self._ca(), "index": "leakline" if variant == "index" else None}
        )
        added = r'^\{"data_stream":\{[^}]*\},'

        def arrived(_: int) -> list[tuple[str, str]]:
            return [(i, re.sub(added, "{", doc.decode())) for (_, i), doc in bulk.documents.items()]

        return self._over_http(Elastic(settings, as_json, now=sending_time), arrived, server)

    def syslog(self, variant: str) -> Harness:
        transport, _, framing = variant.partition(" ")
        context = self.certificates.server_context() if transport == "tls" else None
        receiver = DatagramReceiver() if transport == "udp" else StreamReceiver(context, counted=not framing)
        self.opened.callback(receiver.stop)
        settings = SyslogSettings.model_validate(
            {"type": "syslog", "host": "localhost" if context else "127.0.0.1", "port": receiver.port}
            | {"transport": transport, "format": "ecs", "framing": framing or "octet_counting", "tls": self._ca()}
            | {"timeout": "10s"}
        )
        destination = Syslog(settings, as_json, now=sending_time, wait=lambda _: False)

        def arrived(count: int) -> list[tuple[str, str]]:
            receiver.wait_for(count)
            texts = [message.decode().partition("] ")[2] for message in receiver.messages]
            return [(json.loads(text)["id"], text) for text in texts]

        if isinstance(receiver, DatagramReceiver):
            return Harness(destination, arrived)
        return Harness(destination, arrived, receiver.stop, receiver.start)

    def file(self, variant: str) -> Harness:
        folder = self.folder / "out"
        settings = FileSettings.model_validate(
            {"type": "file", "directory": str(folder), "rotate_bytes": 20_000, "max_bytes": 10_000}
            | {"compress": variant == "compressed"}
        )

        def arrived(_: int) -> list[tuple[str, str]]:
            texts = [line for file in sorted(folder.iterdir()) for line in _lines(file)]
            return [(json.loads(text)["id"], text) for text in texts]

        def down() -> None:
            self.folder.joinpath("out").rename(self.folder / "aside")
            folder.write_text("a file where the folder should be")

        def up() -> None:
            folder.unlink()
            self.folder.joinpath("aside").rename(folder)

        folder.mkdir()
        return Harness(File(settings, as_json, now=lambda: datetime(2026, 1, 2, tzinfo=UTC)), arrived, down, up)

    def _http(self, answer: Responder) -> HttpServer:
        server = HttpServer(answer, self.certificates.server_context())
        self.opened.callback(server.stop)
        return server

    def _over_http(self, destination: Destination, arrived: Arrived, server: HttpServer) -> Harness:
        def take_and_reset(request: ReceivedRequest) -> Reply:
            server.answer(request)
            return Reply(fault="reset")

        return Harness(destination, arrived, server.stop, server.start, lambda: server.script.append(take_and_reset))

    def _secret(self, text: str) -> dict[str, str]:
        path = self.folder / "secret"
        path.write_text(text + "\n")
        return {"file": str(path)}

    def _ca(self) -> dict[str, str]:
        return {"ca": str(self.certificates.ca)}


def _lines(file: Path) -> list[str]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return content.decode().split("\n")[:-1]
