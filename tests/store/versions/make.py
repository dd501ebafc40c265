"""`python -m tests.store.versions.make`: keep a state directory of this version (`agent.store.keys.VERSION`).

To be run once, when the version is raised. One that was in a release is never made anew: its states are at customers'.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.store.keys import VERSION
from tests.store.versions.kept import archive, told
from tests.store.versions.small_run import SmallRun


def make(folder: Path, packed: Path, about: Path) -> None:
    """Fill a state in `folder`, and pack it."""
    run = SmallRun(folder)
    run.fill()
    document = {"status": run.status(), "accepted": run.accepted()}
    run.close()
    for name in ("ballast", "lock"):
        (folder / "state" / name).unlink(missing_ok=True)
    with tarfile.open(packed, "w:xz") as target:
        target.add(folder / "state", "state", filter=_of_nobody)
    about.write_text(json.dumps(document, indent=1) + "\n")


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uname = member.gname = ""
    member.uid = member.gid = 0
    member.mtime = 0
    return member


if __name__ == "__main__":
    if archive(VERSION).exists() and "--again" not in sys.argv:
        sys.exit(f"version {VERSION} is kept already; --again makes it anew if no release has it")
    with TemporaryDirectory() as temporary:
        make(Path(temporary), archive(VERSION), told(VERSION))
