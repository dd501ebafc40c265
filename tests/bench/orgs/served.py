"""Many orgs in one process of their own, so that what they cost is not counted: real HTTPS, one authority for all.

`python -m tests.bench.orgs.served FOLDER COUNT` says how to reach them, and then does what each line on its standard input says.
"""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.simulator.running import Keys
from tests.bench.orgs.failing_ways import FAILING_WAYS
from tests.bench.orgs.gate import GateLoop
from tests.bench.orgs.quiet_org import QuietOrg
from tests.bench.workload import ORGANIZATION


class ServedOrgs:
    """The orgs, seen from the process that measures. Orgs are counted from 0."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._facts: list[dict[str, str]] = self._answer()

    def settings(self, number: int, **source: Any) -> dict[str, Any]:
        """Of an org in a settings file; `source`: keys of its one source."""
        facts = self._facts[number]
        auth = {
            "type": "client_credentials",
            "client_id": facts["client id"],
            "client_secret": {"file": facts["secret"]},
        }
        return {
            "name": f"org{number:03d}",
            "url": facts["url"],
            "auth": auth,
            "tls": {"ca": facts["ca"]},
            "sources": [self.source(**source)],
        }

    def source(self, **keys: Any) -> dict[str, Any]:
        """The one source of an org in a settings file."""
        return {"type": "event_log_file", "start": "48h", "settle": "0s", **keys}

    def id(self, number: int) -> str:
        return self._facts[number]["id"]

    def show(self, number: int, packed: Path, length: int) -> None:
        """A further RestApi file, there at once: `packed` with gzip, of `length` bytes without."""
        self._do("show", org=number, path=str(packed), length=length)

    def show_rows(self, text: str, numbers: Collection[int]) -> float:
        """A RestApi file with these rows in each of these orgs, as its own; when all had it, in seconds since 1970."""
        return float(self._do("show rows", text=text, orgs=list(numbers)))

    def fail(self, number: int, way: str) -> None:
        """From now on, in one of `FAILING_WAYS`."""
        self._do("fail", org=number, way=way)

    def failures(self, number: int) -> int:
        """How often it was asked for something, or connected to, since it began to fail."""
        return int(self._do("failures", org=number))

    def heal(self, number: int) -> None:
        """Well again."""
        self._do("heal", org=number)

    def hold_look_ups(self, number: int) -> None:
        """Until `release`."""
        self._do("hold", org=number)

    def release(self, number: int) -> None:
        self._do("release", org=number)

    def calls(self, kind: str) -> int:
        """How often all orgs together were asked for something: `log_file`, `poll`, `held query`."""
        return sum(counts.get(kind, 0) for counts in self._do("calls"))

    def _do(self, command: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def served_orgs(folder: Path, count: int) -> Iterator[ServedOrgs]:
    """That many, while inside."""
    command = [sys.executable, "-m", "tests.bench.orgs.served", str(folder), str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield ServedOrgs(process)
    finally:
        process.kill()
        process.communicate()


def pack(path: Path) -> tuple[Path, int]:
    """The file beside it as gzip sends it, and its length."""
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 1))
    return packed, path.stat().st_size


def _serve(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    keys, gates = Keys.made(folder), GateLoop(_certificate_of_a_stranger(folder / "stranger"))
    orgs = [QuietOrg(folder / str(number), 1000 + number, keys, gates) for number in range(count)]
    print(json.dumps([served.facts for served in orgs]), flush=True)
    for line in sys.stdin:
        command, arguments = json.loads(line)
        print(json.dumps(_done(orgs, command, arguments)), flush=True)


def _certificate_of_a_stranger(folder: Path) -> ssl.SSLContext:
    """Good for the same names, by an authority that nobody trusts."""
    folder.mkdir()
    strangers = Keys.made(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(strangers.certificate, strangers.key)
    return context


def _done(orgs: Sequence[QuietOrg], command: str, arguments: dict[str, Any]) -> Any:
    if command == "calls":
        return [{**served.org.calls, "poll": served.polls()} for served in orgs]
    if command == "show rows":
        for served in (orgs[number] for number in arguments["orgs"]):
            text = arguments["text"].replace(ORGANIZATION, served.org.id[:15]).encode()
            served.show(gzip.compress(text), len(text))
        return time.time()
    served = orgs[arguments["org"]]
    match command:
        case "show":
            served.show(Path(arguments["path"]).read_bytes(), arguments["length"])
        case "fail":
            served.fail(FAILING_WAYS[arguments["way"]])
        case "failures":
            return served.failures()
        case "heal":
            served.heal()
        case "hold":
            served.org.held["query"] = threading.Event()
        case "release":
            served.org.held.pop("query").set()
    return None


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
