"""The version of what a state directory holds, and the steps from older versions to this one.

`agent.store.keys.VERSION` is written into every new state. A state without a version is from before there were any:
nobody kept what its values meant, so it is refused in words. From version 1 on every change comes with a step here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from agent.errors import StateDamaged, StateError
from agent.store import keys
from agent.store.directory.database import Database
from agent.store.directory.failures import WAY_OUT

log = structlog.get_logger()

MIGRATIONS: Mapping[int, Callable[[Database], None]] = {}
"""Version to the step that makes the next one of it; each inside one transaction with the number of what it made."""


def bring_up_to_date(
    database: Database,
    *,
    recovering: bool,
    version: int = keys.VERSION,
    migrations: Mapping[int, Callable[[Database], None]] = MIGRATIONS,
) -> None:
    """A new state gets the version, an older one is migrated step by step. Nothing else was written to it before.

    `recovering`: a state that lost its version with other values is taken to be of this one. Raises StateError for a
    state from before versions and for one of a newer version, StateDamaged for one that lost its version.
    """
    found = database.get(keys.SCHEMA.prefix)
    if not isinstance(found, int):
        if not recovering:
            _refuse_without_version(database)
        found = version
        with database.transact():
            database.set(keys.SCHEMA.prefix, version)
    if found > version:
        raise StateError(
            f"the state is of version {found}, and this Leakline knows versions up to {version}",
            hint="install the Leakline that wrote it, or a newer one",
        )
    for step in range(found, version):
        log.info("the state is brought up to date", version=step, to=step + 1)
        with database.transact():
            migrations[step](database)
            database.set(keys.SCHEMA.prefix, step + 1)


def _refuse_without_version(database: Database) -> None:
    """Unless it is new: then it holds nothing."""
    if database.keys_between("org/", "org0") or database.keys_between("process/", "process0"):  # `0` follows `/`
        raise StateDamaged("the state's database has lost its version", hint=WAY_OUT)
    if database.keys_between("", "\U0010ffff"):
        raise StateError(
            "the state was written by a Leakline from before states had versions",
            hint=(
                "let that Leakline deliver what waits (`leakline status` says 0 pending), then set `state.directory` to an "
                "empty folder: files that the org still has are read again from `start` on, with the same event ids"
            ),
        )
