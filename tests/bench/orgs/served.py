"""Many orgs in one process of their own, so that what they cost is not counted: real HTTPS, one authority for all.

`python -m tests.bench.orgs.served FOLDER COUNT` says how to reach them, and then does what each line on its standard input says.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent.simulator.running import Keys
from tests.scripted_org.scripted_org import ScriptedFile
from tests.scripted_org.serving import RunningScriptedOrg

API_CALLS = 10_000_000
"""Of a day: no org is to be at its limit."""


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
        keys = {"type": "event_log_file", "start": "48h", "settle": "0s", **source}
        return {
            "name": f"org{number:03d}",
            "url": facts["url"],
            "auth": auth,
            "tls": {"ca": facts["ca"]},
            "sources": [keys],
        }

    def id(self, number: int) -> str:
        return self._facts[number]["id"]

    def show(self, number: int, packed: Path, length: int) -> None:
        """A further RestApi file, there at once: `packed` with gzip, of `length` bytes without."""
        self._do("show", org=number, path=str(packed), length=length)

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


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _serve(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    keys = Keys.made(folder)
    running = [RunningScriptedOrg(folder / str(number), _now, seed=1000 + number, keys=keys) for number in range(count)]
    for served in running:
        served.org.change_faults(limit_after=API_CALLS)
    facts = [
        {
            "url": served.url,
            "ca": str(served.ca),
            "client id": served.client_id,
            "secret": str(served.client_secret_file),
            "id": served.org.id,
        }
        for served in running
    ]
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        command, arguments = json.loads(line)
        print(json.dumps(_done(running, command, arguments)), flush=True)


def _done(running: Sequence[RunningScriptedOrg], command: str, arguments: dict[str, Any]) -> Any:
    if command == "calls":
        return [{**served.org.calls, "poll": sum(map(_is_poll, served.org.queries))} for served in running]
    org = running[arguments["org"]].org
    match command:
        case "show":
            ident, now = f"0AT{len(org.files):015d}", _now()
            org.bodies[ident] = (Path(arguments["path"]).read_bytes(), "gzip")
            log_date = now.replace(minute=0, second=0, microsecond=0)
            org.files.append(ScriptedFile(ident, now, log_date, b"", "RestApi", length=arguments["length"]))
        case "hold":
            org.held["query"] = threading.Event()
        case "release":
            org.held.pop("query").set()
    return None


def _is_poll(soql: str) -> bool:
    """Each poll asks once what was created; beside it, one that looks far back asks more."""
    return "CreatedDate >" in soql


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
