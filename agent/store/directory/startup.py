"""What a daemon reports of the state at its start, before it works on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from agent.errors import DiskFull
from agent.store import keys
from agent.store.batch_file import BatchFile
from agent.store.directory import orphan_files
from agent.store.directory.orphan_files import BatchName
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.state import State
from agent.wording.number import counted

log = structlog.get_logger()

STATE, SPOOL = "state", "spool"
"""Subjects of problems with the state; see `subject`."""

_COMPARE = "compare `leakline status` with the SIEM, then `leakline problems acknowledge ID`"
_TAKE_IN = "stop the daemon, then run `leakline state recover`, which reads them again"


def begin(state: StateDirectory, shards: Mapping[str, tuple[State, Problems]]) -> None:
    """Report a database that is not the newest and batch files that were set aside; the state is in use from here on.

    `shards`: by name, with that of the process. Raises StateError when the state cannot be written.
    """
    if state.openness:
        log.warning("other users could open the state directory; it is private now", reason=state.openness)
    try:
        _begin(state, shards)
    except DiskFull:  # a daemon that cannot start delivers nothing, and so makes no room
        state.give_up_ballast()
        _begin(state, shards)


def _begin(state: StateDirectory, shards: Mapping[str, tuple[State, Problems]]) -> None:
    doubt = state.doubt()
    with state.transact():
        if doubt:
            fix = f"events may come again, with the same ids; {_COMPARE}"
            shards[keys.PROCESS][1].report("state-restored", subject(keys.PROCESS, STATE), doubt, fix=fix)
        for shard, problems in shards.values():
            _report_unnamed(shard, problems)
        state.begin()
    state.write_identity()


def orphans(shard: State) -> list[Path]:
    """Batch files in the folders `unnamed` of a shard that no transaction names, sorted."""
    named = {name for family in (keys.BATCH, keys.DEAD_LETTERS) for name in _names(shard, family.prefix)}
    return [
        path
        for folder in orphan_files.FOLDERS
        for path in sorted((shard.directory / folder / orphan_files.ASIDE).glob("*.arrow"))
        if f"{orphan_files.ASIDE}/{path.name}" not in named
    ]


def _names(state: State, prefix: str) -> list[str]:
    return [BatchFile.decode(state.data(key) or b"").name for key in state.keys(prefix)]


def subject(shard: str, part: str) -> str:
    """What a problem with a part of the state is about: an org's with its name, so that two orgs have two."""
    return f"{shard}/{part}" if shard else part


def _report_unnamed(state: State, problems: Problems) -> None:
    files = orphans(state)
    if not files or problems.is_open("state-restored", subject(state.shard, SPOOL)):
        return
    rows = sum(name.rows for path in files if (name := BatchName.parse(path.name)))
    message = (
        f"{counted(len(files), 'batch file')} with {counted(rows, 'row')} may be from a newer database than this one, or from another state; "
        f"they are set aside in {orphan_files.ASIDE}/, and whether they were delivered is not known"
    )
    problems.report("state-restored", subject(state.shard, SPOOL), message, fix=_TAKE_IN, count=rows)
