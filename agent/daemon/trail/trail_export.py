"""The trail in a folder, for auditors: lines of each chain, checkpoints, public keys. A later export adds to an earlier one."""

from __future__ import annotations

import os
from itertools import zip_longest
from pathlib import Path
from typing import IO

import orjson

from agent.daemon.trail.trail_access import StoredTrail
from agent.errors import LeaklineError
from agent.trail.verify import PROCESS

ORIGIN, KEYS, CHECKPOINTS = "origin.txt", "keys.txt", "checkpoints.jsonl"

_HINT = "keep both: one of the two was changed, cut, or is of another time"


def write_export(trail: StoredTrail, folder: Path) -> dict[str, int]:
    """How many records were added, by chain. Raises LeaklineError for a folder that cannot be written, is of another trail,
    or has other records than the trail; what was added until then stays.
    """
    about = trail.about
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_same_trail(folder / ORIGIN, about["origin"])
        (folder / ORIGIN).write_text(about["origin"] + "\n", encoding="utf-8")
        (folder / KEYS).write_text("".join(f"{key}\n" for key in about["keys"]), encoding="utf-8")
        # The process's chain first: what it notes of the others must be there when they are written.
        added = {chain: _append(trail, chain, folder) for chain in sorted(about["chains"])}
        if about["checkpoint"]:
            _add_line(folder / CHECKPOINTS, orjson.dumps(about["checkpoint"]))
    except OSError as error:
        hint = "make room, or name another folder; the next export adds what is missing"
        raise LeaklineError(f"the export to {folder} was not finished ({error.strerror})", hint=hint) from error
    return added


def _require_same_trail(path: Path, origin: str) -> None:
    if path.exists() and (known := path.read_text(encoding="utf-8", errors="replace").strip()) not in ("", origin):
        hint = "name another folder; a new state has another trail"
        raise LeaklineError(f"{path.parent} has the trail {known[:80]}, and this one is {origin}", hint=hint)


def _append(trail: StoredTrail, chain: str, folder: Path) -> int:
    """How many records were added. A line without an end is what an interrupted export left."""
    path = folder / ("process.jsonl" if chain == PROCESS else f"org-{chain}.jsonl")
    count = 0
    with path.open("a+b") as file:
        _drop_torn_line(file)
        file.seek(0)
        for number, (known, line) in enumerate(zip_longest(file, trail.lines(chain))):
            if known is None:
                file.write(line + b"\n")
                count += 1
            elif line is None:
                raise LeaklineError(f"{path} has a record {number:,}, and the trail ends before it", hint=_HINT)
            elif known != line + b"\n":
                raise LeaklineError(f"{path} has another record {number:,} than the trail", hint=_HINT)
    return count


def _drop_torn_line(file: IO[bytes]) -> None:
    """Look from the end for the last line's end, and cut what follows it."""
    end = at = file.seek(0, os.SEEK_END)
    while at > 0:
        begin = max(0, at - (64 << 10))
        file.seek(begin)
        found = file.read(at - begin).rfind(b"\n")
        if found >= 0:
            at = begin + found + 1
            break
        at = begin
    if at != end:
        file.truncate(at)


def _add_line(path: Path, line: bytes) -> None:
    with path.open("a+b") as file:
        _drop_torn_line(file)
        file.seek(0)
        if all(known != line + b"\n" for known in file):
            file.write(line + b"\n")
