"""Steps from version to version: whole, in their order, and each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import UnknownVersion
from agent.store import keys
from agent.store.directory import state_identity
from agent.store.directory.database import Database, open_database
from agent.store.directory.migrations import MIGRATIONS, Migration, bring_up_to_date
from agent.store.directory.state_directory import StateDirectory
from agent.store.directory.state_version import StoredVersion, require_known
from tests.store.contract.killed import die, run_and_die
from tests.store.versions.kept import unpack


def double(database: Database) -> None:
    """From 1 to 2: a number gets twice as large. Done a second time it would be wrong."""
    database.set("org/acme/n", 2 * database.get("org/acme/n"))


def rename(database: Database) -> None:
    """From 2 to 3: the number gets another key."""
    database.set("org/acme/number", database.get("org/acme/n"))
    database.delete("org/acme/n")


def fail(database: Database) -> None:
    """Half of a step, and then an error."""
    rename(database)
    raise ZeroDivisionError


def kill(database: Database) -> None:
    """Half of a step, and then `kill -9`."""
    rename(database)
    die()


STEPS: dict[int, Migration] = {1: double, 2: rename}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Of version 1, with a number."""
    database = open_database(tmp_path / "database")
    bring_up_to_date(database, None, 1, {})
    database.set("org/acme/n", 21)
    yield database
    database.close()


def content(database: Database) -> dict[str, object]:
    return {key: database.get(key) for key in database.keys_between("", None)}


def test_steps_are_done_in_their_order(database: Database) -> None:
    """From 1 by way of 2 to 3; a second start has nothing to do."""
    assert bring_up_to_date(database, 1, 3, STEPS)
    assert content(database) == {"org/acme/number": 42, "state/schema": 3}
    assert not bring_up_to_date(database, 3, 3, STEPS)
    assert content(database) == {"org/acme/number": 42, "state/schema": 3}


def test_a_new_state_needs_no_steps(tmp_path: Path) -> None:
    """It is of the newest version from the start."""
    database = open_database(tmp_path / "database")
    assert not bring_up_to_date(database, None, 3, STEPS)
    assert content(database) == {"state/schema": 3}
    database.close()


def test_a_step_that_fails_leaves_the_version_before_it(database: Database) -> None:
    """Nothing of it is left, the steps before it stay, and a Leakline that can do it goes on there."""
    with pytest.raises(ZeroDivisionError):
        bring_up_to_date(database, 1, 3, {**STEPS, 2: fail})
    assert content(database) == {"org/acme/n": 42, "state/schema": 2}
    assert bring_up_to_date(database, 2, 3, STEPS)
    assert content(database) == {"org/acme/number": 42, "state/schema": 3}


def _migrate_and_die(folder: Path) -> None:
    bring_up_to_date(open_database(folder), 1, 3, {**STEPS, 2: kill})


def test_a_kill_within_a_step_leaves_the_version_before_it(database: Database, tmp_path: Path) -> None:
    """The next start begins with the step that was not done, and does none twice."""
    database.close()
    run_and_die(_migrate_and_die, tmp_path / "database")
    assert content(database) == {"org/acme/n": 42, "state/schema": 2}
    bring_up_to_date(database, 2, 3, STEPS)
    assert content(database) == {"org/acme/number": 42, "state/schema": 3}


def test_every_version_but_the_newest_has_a_step() -> None:
    """From 1 on."""
    assert sorted(MIGRATIONS) == list(range(1, keys.VERSION))


def test_a_version_is_known_up_to_the_newest(tmp_path: Path) -> None:
    """Older ones are taken, for there are steps; the next one is refused."""
    for number in (1, 2):
        require_known(tmp_path, StoredVersion(number, empty=False), 2)
    with pytest.raises(UnknownVersion, match="has version 3, and this Leakline reads versions up to 2"):
        require_known(tmp_path, StoredVersion(3, empty=False), 2)


def test_the_version_stands_beside_the_database_as_well(tmp_path: Path) -> None:
    """For a database that loses it: written at every start of a daemon, and by a migration."""
    unpack(keys.VERSION, tmp_path)
    beside = state_identity.read(tmp_path / "state")
    assert beside is not None
    assert beside.version == keys.VERSION
    state = StateDirectory(tmp_path / "state")
    assert state.doubt() == ""
    state.close()
