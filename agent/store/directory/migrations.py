"""Steps from older versions of the state to the one that this Leakline writes.

`agent.store.directory.state_version` says which versions are known. From version 1 on every change of the layout comes
with a step here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from agent.store import keys
from agent.store.directory.database import Database

log = structlog.get_logger()

Migration = Callable[[Database], None]

MIGRATIONS: Mapping[int, Migration] = {}
"""Version to the step that makes the next one of it; each inside one transaction with the number of what it made."""


def bring_up_to_date(
    database: Database, found: int | None, version: int = keys.VERSION, migrations: Mapping[int, Migration] = MIGRATIONS
) -> bool:
    """Give a new state the version, and migrate an older one step by step; whether anything was migrated.

    `found`: the version it is of, not above `version`; None: it is new. A step that fails, or is killed, leaves the
    version before it, and the next start goes on there.
    """
    if database.get(keys.SCHEMA.prefix) is None:
        with database.transaction():
            database.set(keys.SCHEMA.prefix, version if found is None else found)
    for step in range(version if found is None else found, version):
        log.info("the state is migrated to the current version", version=step, to=step + 1)
        with database.transaction():
            migrations[step](database)
            database.set(keys.SCHEMA.prefix, step + 1)
    return found is not None and found < version
