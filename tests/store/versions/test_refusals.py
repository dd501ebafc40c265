"""States of versions that this Leakline does not know: refused in words, and left as they are."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from agent.errors import StateDamaged, UnknownVersion
from agent.model import LANES
from agent.store import keys
from agent.store.directory import database_check, state_identity
from agent.store.directory.state_directory import StateDirectory
from agent.store.directory.state_identity import StateIdentity
from agent.store.recovery.inspection import inspect
from agent.store.recovery.recover import recover
from tests.pipeline.fakes import NOW
from tests.store.versions.kept import KEPT, unpack
from tests.store.versions.layout import stored_values
from tests.store.versions.small_run import SmallRun
from tests.tar import extract

BEFORE, NEWER = "before states had versions", "has version 99"


def _change(state: Path, statement: str, *values: object) -> None:
    """Of the database, with its log written into it, so that a copy or a cut of the one file is all of it."""
    with closing(sqlite3.connect(state / "database" / "cache.db", isolation_level=None)) as database:
        database.execute(statement, values)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def before(folder: Path) -> Path:
    """As a Leakline from before versions left it: three batches, one of them settled, a dead letter."""
    with tarfile.open(KEPT / "before-versions.tar.xz") as packed:
        extract(packed, folder)
    return folder / "state"


def before_with_identity(folder: Path) -> Path:
    state = before(folder)
    (state / "identity").write_text(f"{stored_values(state)['state/id']!s} 3\n")
    return state


def before_without_database(folder: Path) -> Path:
    state = before(folder)
    shutil.rmtree(state / "database")
    return state


def before_with_an_empty_database(folder: Path) -> Path:
    state = before(folder)
    os.truncate(state / "database" / "cache.db", 0)
    return state


def before_with_a_cut_database(folder: Path) -> Path:
    state = before(folder)
    os.truncate(state / "database" / "cache.db", (state / "database" / "cache.db").stat().st_size // 2)
    return state


def newer(folder: Path) -> Path:
    """As a Leakline of version 99 might leave it."""
    unpack(keys.VERSION, folder)
    _change(folder / "state", "UPDATE Cache SET value = 99 WHERE key = ?", keys.SCHEMA.prefix)
    return folder / "state"


def newer_without_database(folder: Path) -> Path:
    unpack(keys.VERSION, folder)
    state = folder / "state"
    state_identity.write(state, StateIdentity("0123abcd", 1, 99))
    shutil.rmtree(state / "database")
    return state


def newer_that_lost_its_version(folder: Path) -> Path:
    unpack(keys.VERSION, folder)
    state = folder / "state"
    state_identity.write(state, StateIdentity("0123abcd", 1, 99))
    _change(state, "DELETE FROM Cache WHERE key = ?", keys.SCHEMA.prefix)
    return state


def newer_with_a_cut_database(folder: Path) -> Path:
    state = newer(folder)
    state_identity.write(state, StateIdentity("0123abcd", 1, 99))
    os.truncate(state / "database" / "cache.db", (state / "database" / "cache.db").stat().st_size // 2)
    return state


KINDS: dict[Callable[[Path], Path], str] = {
    before: BEFORE,
    before_with_identity: BEFORE,
    before_without_database: BEFORE,
    before_with_an_empty_database: BEFORE,
    before_with_a_cut_database: BEFORE,
    newer: NEWER,
    newer_without_database: NEWER,
    newer_that_lost_its_version: NEWER,
    newer_with_a_cut_database: NEWER,
}


def content(state: Path) -> dict[str, bytes]:
    """All files but the lock and what SQLite keeps beside an open database."""
    files = (path for path in state.rglob("*") if path.is_file() and not path.name.endswith(("lock", "-shm", "-wal")))
    return {str(path.relative_to(state)): path.read_bytes() for path in files}


@pytest.mark.parametrize(("make", "words"), KINDS.items(), ids=[make.__name__ for make in KINDS])
def test_another_version_is_refused_and_nothing_is_touched(
    make: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    """By a start, by `inspect` and by `recover`, whatever happened to the database; `check` says the same."""
    state = make(tmp_path)
    files = content(state)
    with pytest.raises(UnknownVersion, match=words):
        StateDirectory(state)
    with pytest.raises(UnknownVersion, match=words):
        inspect(state)
    with pytest.raises(UnknownVersion, match=words):
        recover(state, lambda _: {"siem": LANES}, lambda: NOW)
    (finding,) = database_check.findings(state)
    assert (finding.ok, words in finding.message) == (False, True)
    assert content(state) == files


def test_an_empty_folder_is_a_new_state(tmp_path: Path) -> None:
    """Also with folders from before versions in which no batch is left."""
    for name in ("spool", "aside", "dead-letters"):
        (tmp_path / name).mkdir()
    StateDirectory(tmp_path).close()
    assert stored_values(tmp_path)[keys.SCHEMA.prefix] == keys.VERSION


def test_a_lost_version_is_damage_that_a_recovery_repairs(tmp_path: Path) -> None:
    """The start is refused with the way out, `inspect` says what `recover` would do, and then all is as it was told."""
    document = unpack(keys.VERSION, tmp_path)
    state = tmp_path / "state"
    _change(state, "DELETE FROM Cache WHERE key = ?", keys.SCHEMA.prefix)
    with pytest.raises(StateDamaged, match=r"lost its version.*leakline state recover"):
        StateDirectory(state)
    assert [finding.ok for finding in database_check.findings(state)] == [False]
    assert inspect(state)["advice"] == ["give the database its version again"]
    done = recover(state, lambda _: {}, lambda: NOW)
    assert list(done.sentences()) == [f"the database had lost its version; it is of version {keys.VERSION} again"]
    assert recover(state, lambda _: {}, lambda: NOW).nothing
    assert inspect(state)["advice"] == []
    run = SmallRun(tmp_path)
    document["status"][""]["problems"].append("state-recovered state")
    assert run.status()["acme"] == document["status"]["acme"]
    assert run.status()[""]["problems"] == document["status"][""]["problems"]
    run.close()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file for a state in `state`."""
    (tmp_path / "secret").write_text("x")
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"file": str(tmp_path / "secret")}}
    path = tmp_path / "leakline.yaml"
    document = {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
    }
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize(("make", "words"), [(before, BEFORE), (newer, NEWER)], ids=["before", "newer"])
@pytest.mark.parametrize(
    ("command", "status"),
    [("run", 78), ("status", 3), ("state inspect", 3), ("state recover", 3), ("check --offline", 1)],
)
def test_every_command_says_it_in_words(
    make: Callable[[Path], Path], words: str, command: str, status: int, settings: Path, tmp_path: Path
) -> None:
    """What it is and what to do, without a traceback; `run` ends so that systemd does not try again."""
    files = content(make(tmp_path))
    line = [sys.executable, "-m", "agent", *command.split(), "-c", str(settings)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    said = " ".join((ended.stdout + ended.stderr).split())
    assert words in said
    assert (
        "let the Leakline that wrote it deliver" if words == BEFORE else "install the Leakline that wrote it"
    ) in said
    assert "Traceback" not in said
    assert ended.returncode == status
    assert content(tmp_path / "state") == files
