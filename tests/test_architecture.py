"""The house: rooms of a size, one door for each library, imports in one direction, no circles, rooms that do not know each other.

Imports inside functions, for type checking, relative ones and those of `importlib` count like any other: what a file
cannot be read without, it depends on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest

from agent.config.settings import DestinationSettings, Settings, SourceSettings
from agent.notice.arrangements.channels import ChannelSettings
from agent.sources.salesforce.credentials import Credentials
from tests.imports import AGENT, COMPUTED, EVERYWHERE, FILES, imported, imports_of, modules, name, ours

LONGEST = 320
"""Lines of a file."""
FULLEST = 20
"""Files of Python in a folder."""

DOORS = {
    "simple_salesforce": ["sources/salesforce/session.py"],
    "diskcache": ["store/directory/database.py"],
    "apscheduler": ["daemon/schedule.py"],
    "uvicorn": ["network/listener.py", "network/doorway.py", "network/lasting_connection.py", "simulator/api/"],
    "prometheus_client": ["metrics/", "daemon/health.py"],
    "standardwebhooks": ["notice/channels/webhook.py", "sources/inbound/authentication/"],
    "apprise": ["notice/channels/apprise_service.py"],
    "smtplib": ["notice/channels/"],
    "cefevent": ["formats/cef_keys.py"],
    "sigma": ["detection/"],
    "sdnotify": ["daemon/process/service_manager.py"],
    "typer": ["cli/"],
    "defusedxml": ["simulator/outbound_messages/", "sources/inbound/outbound_messages/"],
    "fastavro": ["simulator/pubsub/", "sources/real_time/avro/"],
    "grpc": ["simulator/pubsub/", "sources/real_time/wire/"],
    "ua_parser": ["enrichment/"],
    "maxminddb": ["enrichment/"],
}
"""Who may import a library: files, and folders with a slash at the end."""

COMPUTING = ["detection/authoring/convert.py"]
"""Who imports what no test can tell: pySigma's backends, which are installed or not."""

GROUND = (
    *(
        "model",
        "errors",
        "metrics",
        "duration",
        "name",
        "problem",
        "problem_kinds",
        "shipped",
        "own_event",
        "delivery_settings",
        "status_document",
    ),
    *(
        "batch_steps",
        "redaction",
        "secret",
        "terminal",
        "exit_status",
        "source",
        "stacks",
        "status",
        "yaml_lines",
        "file_versions",
        "pubsub_api",
        "columns",
        "network",
        "signing",
        "wording",
    ),
)
"""What every room may stand on."""

BESIDE = {"simulator", "__init__"}
"""What has no floor: the simulated org, which stands alone, and the version."""

FLOORS: tuple[tuple[str, ...], ...] = (
    GROUND,
    ("formats", "sources", "destinations", "normalize", "enrichment", "detection", "store", "permissions"),
    ("pipeline", "trail", "notice", "changes"),
    ("drills",),
    ("config",),
    ("assembly",),
    ("daemon", "hunt"),
    ("check", "demo", "matching"),
    ("cli",),
    ("__main__",),
)
"""The rooms at the top, from the ground up; a room imports what lies on floors below its own."""

NEIGHBOURS = {"enrichment": {"normalize"}}
"""Rooms of one floor that know each other: addresses, people and apps are looked up in columns that mappings computed."""

DETECTION: tuple[tuple[str, ...], ...] = (
    ("condition",),
    ("sigma",),
    ("memory",),
    ("alert",),
    ("baseline", "correlation"),
    ("wording",),
    ("",),
    ("authoring",),
)
"""The rooms inside detection, from the ground up; the empty name is what lies in the folder itself."""


def top(path: Path) -> str:
    """The room at the top, or the file that lies there by itself."""
    return path.relative_to(AGENT).parts[0].removesuffix(".py")


def inner(path: Path) -> str:
    """The room inside detection, whatever folder of it; empty for what lies in the folder itself."""
    return (*path.relative_to(AGENT / "detection").parent.parts, "")[0]


def floor(floors: tuple[tuple[str, ...], ...], room: str) -> int:
    """On which floor a room lies. Fails for one that has none: a new room needs a place in the order."""
    found = [number for number, rooms in enumerate(floors) if room in rooms]
    assert len(found) == 1, f"{room} has no floor of its own: give it one in {Path(__file__).name}"
    return found[0]


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """A way back to where it began, for each name that has one."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> None:
        if name in way:
            found.append([*way[way.index(name) :], name])
        elif name not in done:
            for following in sorted(arrows.get(name, ())):
                walk(following, [*way, name])
            done.add(name)

    for start in sorted(arrows):
        walk(start, [])
    return found


def test_modules_form_no_circle() -> None:
    """No module needs itself by way of others."""
    assert circles({module: set(ours(path)) for module, path in modules().items()}) == []


def test_packages_form_no_circle() -> None:
    """No folder needs itself by way of others; what lies in a folder and what lies in folders inside it are two."""
    arrows: dict[str, set[str]] = {}
    for path in FILES:
        if path.parent != AGENT:
            needed = {modules()[module].parent for module in ours(path)} - {path.parent, AGENT}
            arrows.setdefault(name(path.parent), set()).update(map(name, needed))
    assert circles(arrows) == []


def test_a_circle_is_found() -> None:
    """The search itself can find one."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c", "b"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def run():\n    from agent.store import spool", "agent.store.spool"),
        ("if TYPE_CHECKING:\n    import agent.model", "agent.model"),
        ("from . import alert", "agent.detection.alert.alert"),
        ("from ..load import load", "agent.detection.load"),
        ("from .. import load", "agent.detection.load"),
        ("importlib.import_module('agent.model')", "agent.model"),
        ("import_module('sigma.' + name)", COMPUTED),
        ("__import__('typer')", "typer"),
    ],
)
def test_no_way_to_import_is_overlooked(text: str, found: str) -> None:
    """The ways in which a file in agent/detection/alert/ could import something."""
    assert list(imports_of(text, ("agent", "detection", "alert"))) == [found]


def test_rooms_form_no_circle() -> None:
    """No room at the top needs itself by way of others, those of the ground included."""
    arrows: dict[str, set[str]] = {}
    for path in FILES:
        arrows.setdefault(top(path), set()).update({top(modules()[module]) for module in ours(path)} - {top(path)})
    assert circles(arrows) == []


def test_each_room_has_a_floor_and_each_floor_its_rooms() -> None:
    """A new room needs a place in the order, even one that nobody imports yet; one that is gone leaves none."""
    assert {top(path) for path in FILES} - BESIDE == {room for rooms in FLOORS for room in rooms}
    assert {inner(path) for path in FILES if top(path) == "detection"} == {
        room for rooms in DETECTION for room in rooms
    }


def test_nothing_else_is_imported_by_computed_names() -> None:
    """Where a name is computed, no test can say what is imported."""
    assert [name(path) for path in FILES if COMPUTED in imported(path)] == COMPUTING


def test_nothing_imports_the_tests() -> None:
    """They are not there where Leakline is installed."""
    assert [name(path) for path in FILES if any(module.split(".")[0] == "tests" for module in imported(path))] == []


@pytest.mark.parametrize("path", FILES, ids=name)
def test_rooms_import_downwards(path: Path) -> None:
    """A room imports itself, rooms of lower floors, and of its own floor only the neighbours that are named."""
    room = top(path)
    if room in BESIDE:
        return
    for module in ours(path):
        needed = top(modules()[module])
        if needed in (room, "__init__"):
            continue
        if needed == "simulator":
            # A drill plants what the simulated org can play.
            assert room in ("cli", "demo", "drills"), f"{name(path)} imports the simulated org"
            continue
        lower = floor(FLOORS, needed) < floor(FLOORS, room)
        assert lower or room in GROUND or needed in NEIGHBOURS.get(room, ()), f"{name(path)} imports {module}"
        assert room not in GROUND or needed in GROUND, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", [path for path in FILES if top(path) == "detection"], ids=name)
def test_detection_imports_downwards(path: Path) -> None:
    """Conditions, Sigma's documents, alerts, what looks at many rows, rule sets and their detector, rule authors."""
    room = inner(path)
    for module in ours(path):
        if top(modules()[module]) == "detection":
            needed = inner(modules()[module])
            assert needed == room or floor(DETECTION, needed) < floor(DETECTION, room), f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_the_simulated_org_stands_alone(path: Path) -> None:
    """The simulator imports nothing else of Leakline, so that its errors are not ours; the stubs of the Pub/Sub API are
    generated from Salesforce's definition."""
    if top(path) == "simulator":
        beside = {module for module in ours(path) if not module.startswith("agent.simulator")}
        assert {module for module in beside if not module.startswith("agent.pubsub_api")} <= {"agent"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_library_has_one_door(path: Path) -> None:
    """A library with a door is imported behind it and nowhere else."""
    for module in imported(path):
        doors = DOORS.get(module.split(".")[0])
        assert doors is None or name(path).startswith(tuple(doors)), f"{name(path)} imports {module}"


def test_every_door_is_used() -> None:
    """A door that nobody goes through stands for a library that moved."""
    for library, doors in DOORS.items():
        for door in doors:
            behind = [path for path in FILES if name(path).startswith(door)]
            used = {module.split(".")[0] for path in behind for module in imported(path)}
            assert library in used, f"{library} is not imported in {door}"


@pytest.mark.parametrize("path", EVERYWHERE, ids=name)
def test_a_file_is_not_too_long(path: Path) -> None:
    """A file does one thing."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{name(path)} has {lines} lines; part it"


@pytest.mark.parametrize("folder", sorted({path.parent for path in EVERYWHERE}), ids=name)
def test_a_folder_is_not_crowded(folder: Path) -> None:
    """A room can be seen at a glance."""
    assert len(list(folder.glob("*.py"))) <= FULLEST


@pytest.mark.parametrize(
    ("union", "builder"),
    [(DestinationSettings, "destinations.py"), (SourceSettings, "sources.py"), (ChannelSettings, "notice/channels.py")],
    ids=["to", "from", "over"],
)
def test_each_kind_that_settings_know_is_built(union: Any, builder: str) -> None:
    """Every member of a union of settings has a case of its own where parts are built from settings."""
    tree = ast.parse((AGENT / "assembly" / builder).read_text(encoding="utf-8"))
    patterns = [node.cls for node in ast.walk(tree) if isinstance(node, ast.MatchClass)]
    cases = {pattern.id for pattern in patterns if isinstance(pattern, ast.Name)}
    assert cases == {member.__name__ for member in members(union)}


def test_each_union_of_settings_is_known_here() -> None:
    """A new one needs a builder above; the flows of OAuth need none, for each of them makes its own form."""

    def unions(schema: Any) -> Iterator[frozenset[str]]:
        if isinstance(schema, dict):
            if "discriminator" in schema:
                yield frozenset(path.rpartition("/")[2] for path in schema["discriminator"]["mapping"].values())
            schema = list(schema.values())
        if isinstance(schema, list):
            for part in schema:
                yield from unions(part)

    known = {
        frozenset(member.__name__ for member in members(union))
        for union in (DestinationSettings, SourceSettings, ChannelSettings, Credentials)
    }
    assert set(unions(Settings.model_json_schema())) == known


def members(union: Any) -> tuple[type, ...]:
    """The classes of `Annotated[A | B, ...]`, of `A | B`, or of `A` alone."""
    plain = get_args(union)[0] if get_origin(union) is Annotated else union
    return get_args(plain) or (plain,)
