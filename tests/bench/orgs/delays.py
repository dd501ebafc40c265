"""How long an org that is well waits while others are in trouble: from a file being there to the alert being in the output."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.bench.orgs.served import ServedOrgs, pack, served_orgs
from tests.bench.orgs.troubled import POISONED, TICKS, latest_tick_lag
from tests.bench.workload import write_log_file
from tests.end_to_end.agent_process import AgentProcess

HANGING, POISON, LONG, WELL = range(4)
"""The orgs, by what may befall them."""
TROUBLES = {
    "nobody is in trouble": (),
    "look-ups of one hang": (HANGING,),
    "all rows of one are poison": (POISON,),
    "one reads a long file": (LONG,),
    "all of these at once": (HANGING, POISON, LONG),
}
LEAK = "/leak/"
ENOUGH = 180.0
"""Seconds after which a leak counts as not told: an org that waits for another one's look-ups would have waited for two minutes."""

_RULE = {
    "title": "A leak",
    "id": "0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f201",
    "level": "high",
    "logsource": {"product": "salesforce", "service": "event_log_file"},
    "detection": {"sel": {"EVENT_TYPE": "RestApi", "URI|startswith": LEAK}, "condition": "sel"},
}


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds for each leak planted, None where it was not told; `tick_lag`: seconds by which a tick was late at most."""

    alerts: Sequence[float | None]
    tick_lag: float
    ended: bool
    """Whether the daemon ended over it."""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Packed RestApi files, each with its length."""

    ordinary: tuple[Path, int]
    long: tuple[Path, int]
    leaks: Sequence[tuple[Path, int]]


def write_files(folder: Path, megabytes: int, leaks: int) -> LogFiles:
    """`megabytes`: of the long file; `leaks`: files with a row that the rule is for, each of another user."""
    folder.mkdir()
    row = 465
    for name, rows, seed in (("ordinary", 1_000, 1), ("long", max(1_000, megabytes * 1_000_000 // row), 2)):
        write_log_file(folder / f"{name}.csv", rows, seed)
    for number in range(leaks):
        _write_leak(folder / f"leak{number}.csv", seed=1_000 + number)
    packed = [pack(folder / f"leak{number}.csv") for number in range(leaks)]
    return LogFiles(pack(folder / "ordinary.csv"), pack(folder / "long.csv"), packed)


def delays(folder: Path, troubled: Sequence[int], files: LogFiles) -> Delays:
    """A daemon over four orgs, polled every second and ticking every second, of which `troubled` are in trouble."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "leak.yml").write_text(yaml.safe_dump(_RULE))
    ticks = folder / "ticks"
    ticks.touch()
    with served_orgs(folder / "orgs", 4) as served:
        document = {
            "orgs": [served.settings(number, every="1s") for number in range(4)],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "rules": {"shipped": False, "folders": [str(folder / "rules")]},
            "state": {"directory": str(folder / "state")},
        }
        environment = {POISONED: served.id(POISON) if POISON in troubled else "none", TICKS: str(ticks)}
        agent = AgentProcess(folder, document, module="tests.bench.orgs.troubled", environment=environment)
        agent.start()
        agent.wait_for(lambda: all(source["last_success"] for source in agent.status()["sources"]))
        _begin(served, troubled, files)
        began = time.time()
        told = [_until_told(agent, served, leak, folder / "out", place + 1) for place, leak in enumerate(files.leaks)]
        measured = Delays(told, latest_tick_lag(ticks, began, time.time()), agent.has_ended())
        if HANGING in troubled:
            served.release(HANGING)
        agent.kill()
    return measured


def _begin(served: ServedOrgs, troubled: Sequence[int], files: LogFiles) -> None:
    """Returns once the troubles have begun."""
    if HANGING in troubled:
        served.hold_look_ups(HANGING)
    for org in troubled:
        served.show(org, *(files.long if org == LONG else files.ordinary))
    while troubled and served.calls("log_file") < len(troubled):
        time.sleep(0.02)
    while HANGING in troubled and not served.calls("held query"):
        time.sleep(0.02)


def _until_told(agent: AgentProcess, served: ServedOrgs, leak: tuple[Path, int], out: Path, nth: int) -> float | None:
    """Seconds until the file destination has the alert, the nth there is."""
    served.show(WELL, *leak)
    shown = time.monotonic()
    while _alerts(out) < nth:
        if agent.has_ended() or time.monotonic() - shown > ENOUGH:
            return None
        time.sleep(0.005)
    return time.monotonic() - shown


def _alerts(out: Path) -> int:
    return sum(path.read_bytes().count(b'"kind":"alert"') for path in out.glob("alerts*"))


def _write_leak(path: Path, seed: int) -> None:
    """Two rows, of which the second is a leak."""
    write_log_file(path, 2, seed)
    *rows, last = path.read_text().splitlines(keepends=True)
    path.write_text("".join(rows) + last.replace("/services/data/", LEAK))
