"""The house: one door for each library, imports in one direction, rooms that do not know each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

AGENT = Path(__file__).parent.parent / "agent"
FILES = sorted(path for path in AGENT.rglob("*.py") if "_data" not in path.parts)

DOORS = {
    "simple_salesforce": ["sources/salesforce/session.py"],
    "diskcache": ["store/database.py"],
    "apscheduler": ["daemon/schedule.py"],
    "uvicorn": ["network/listener.py"],
    "prometheus_client": ["metrics.py", "daemon/health.py"],
    "cefevent": ["formats/cef_keys.py"],
    "sigma": ["detection/"],
    "sdnotify": ["daemon/daemon.py"],
    "typer": ["cli"],
    "ua_parser": ["normalize/"],
    "maxminddb": ["normalize/"],
}

ROOMS = ("sources", "normalize", "detection", "destinations")

GROUND = {
    *("model", "errors", "metrics", "chunk", "secret", "network", "duration", "shipped", "own_event", "problem"),
    *("redaction", "secret_form", "version", "name", "server_address", "answer_body", "delivery_settings"),
}
"""What every room may import, besides itself."""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "agent":
                yield from (f"agent.{alias.name}" for alias in node.names)


def name(path: Path) -> str:
    return path.relative_to(AGENT).as_posix()


def ours(path: Path) -> set[str]:
    """The top-level rooms and modules of `agent` that a file imports."""
    return {module.split(".")[1] for module in imports(path) if module.startswith("agent.")} - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_library_has_one_door(path: Path) -> None:
    """A library with a door is imported behind it and nowhere else."""
    for module in imports(path):
        doors = DOORS.get(module.split(".")[0])
        assert doors is None or name(path).startswith(tuple(doors)), f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_rooms_do_not_know_each_other(path: Path) -> None:
    """A room imports itself and the ground it stands on."""
    room = name(path).split("/")[0]
    if room in ROOMS:
        assert ours(path) <= GROUND | {room}, f"{name(path)} imports {ours(path) - GROUND - {room}}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_simulated_org_stands_alone(path: Path) -> None:
    """The simulator imports nothing else of Leakline, so that its errors are not ours."""
    if name(path).startswith("simulator/"):
        assert ours(path) <= {"simulator"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_formats_and_ground_import_downwards(path: Path) -> None:
    """Formats, and what everything stands on, import nothing above them."""
    top = name(path).split("/")[0].removesuffix(".py")
    if top == "formats":
        assert ours(path) <= {"model", "errors", "formats", "shipped", "metrics"}
    elif top in GROUND:
        assert ours(path) <= GROUND


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_loops_know_no_room(path: Path) -> None:
    """What a step does is handed to the loops; they import state and ground only."""
    if name(path) in (
        "pipeline/ingest.py",
        "pipeline/forward.py",
        "pipeline/deliver.py",
        "store/spool.py",
        "store/state.py",
    ):
        assert not ours(path) & {*ROOMS, "formats", "daemon", "build", "config", "cli"}


def test_no_file_has_a_name_that_says_nothing() -> None:
    """Nothing is called util, helper, manager, base, common or core."""
    empty = {"util", "utils", "helper", "helpers", "manager", "base", "common", "core", "misc"}
    assert [name(path) for path in FILES if path.stem in empty] == []
