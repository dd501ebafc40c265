"""What a production install takes: every version by hash, the same as were tested, nothing that only tests need."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def pins(path: Path) -> dict[str, str]:
    """Name to everything that is said of it: version, markers, hashes."""
    found = re.split(r"\n(?=\S)", path.read_text().strip())
    return {name(pin): pin for pin in found}


def name(requirement: str) -> str:
    """The project's name, as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


def test_production_takes_the_versions_that_were_tested() -> None:
    """Each pin, with its hashes, is that of the lock file; and every one has a hash."""
    tested, production = pins(ROOT / "requirements.lock"), pins(ROOT / "packaging" / "requirements.txt")
    assert {key: pin for key, pin in production.items() if pin != tested.get(key)} == {}
    assert [key for key, pin in production.items() if "--hash=sha256:" not in pin] == []


def test_production_takes_what_the_wheel_needs_and_no_test_tools() -> None:
    """All dependencies of the project are there, and none of its tools."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    production = pins(ROOT / "packaging" / "requirements.txt").keys()
    assert {name(line) for line in project["dependencies"]} <= production
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & production


def test_the_pins_name_no_machine() -> None:
    """Neither a package index nor a path stands in the files."""
    for path in (ROOT / "requirements.lock", ROOT / "packaging" / "requirements.txt"):
        assert not re.search(r"://|--index|(^|\s)/", path.read_text())
