"""State directories of each version, as the Leakline of that version left them; `make` adds one."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

from tests.tar import extract

KEPT = Path(__file__).parent


def versions() -> list[int]:
    """Those that are kept, the oldest first."""
    return sorted(
        int(path.name.removeprefix("version-").removesuffix(".tar.xz")) for path in KEPT.glob("version-*.tar.xz")
    )


def archive(version: int) -> Path:
    """The packed folder, with the state in `state/`."""
    return KEPT / f"version-{version}.tar.xz"


def told(version: int) -> Path:
    """What the run that made it says of it, as JSON."""
    return archive(version).with_name(f"version-{version}.json")


def unpack(version: int, folder: Path) -> dict[str, Any]:
    """A copy of a kept directory in `folder`; what is told of it."""
    with tarfile.open(archive(version)) as packed:
        extract(packed, folder)
    document: dict[str, Any] = json.loads(told(version).read_text())
    return document
