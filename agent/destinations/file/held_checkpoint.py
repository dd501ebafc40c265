"""The newest checkpoint of a trail in the files that a file destination wrote: read from the end, within bounds.

The newest is the longest, whichever line came last: a trail that was put back goes on with shorter ones.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from isal import igzip
from isal.igzip_lib import IsalError

from agent.errors import Unavailable

LOOK_THROUGH = 64 << 20
"""Bytes of lines that are read, of the newest files: some 40,000 checkpoints, which is four weeks of them."""
BLOCK = 1 << 20
MARK = b"trail-checkpoint"
"""`event.action` of the events that carry one."""

_NOTE = re.compile(r" leaklineTrail_note=((?:[^\\=]|\\.)*?)(?= [A-Za-z0-9_]+=|$)", re.DOTALL)
"""In a line of CEF, where `=`, a line's end and the backslash are escaped."""


def newest_note(
    files: Sequence[Path], origin: str, within: float, steady: Callable[[], float] = time.monotonic
) -> str | None:
    """The note of the longest checkpoint of this trail; None where the files have none.

    `files`: the newest first, with `.gz` at the end of those that are compressed; `within`: seconds. Raises Unavailable for a
    file that cannot be read, and where it takes too long.
    """
    until, left, best = steady() + within, LOOK_THROUGH, (-1, "")
    for file in files:
        try:
            for part in _parts(file, left):
                left -= len(part)
                best = max([best, *_notes(part, origin)])
                if steady() > until:
                    raise Unavailable(f"{file}: it was not read within {within:g} s")
        except FileNotFoundError:  # nothing was written yet, or it was set aside just now
            continue
        except (OSError, EOFError, IsalError) as error:  # type: ignore[misc]
            raise Unavailable(
                f"{file} cannot be read ({error})", hint="give the service's user the right to read it"
            ) from error
        if left <= 0:
            break
    return best[1] or None


def _parts(file: Path, most: int) -> Iterator[bytes]:
    """Whole lines, the last ones first; a compressed file from its beginning, as it has no other."""
    if file.suffix == ".gz":
        yield from _unpacked(file)
        return
    with file.open("rb") as opened:
        end = opened.seek(0, 2)
        least, rest = max(0, end - most), b""
        while end > least:
            begin = max(least, end - BLOCK)
            opened.seek(begin)
            head, _, whole = (opened.read(end - begin) + rest).partition(b"\n")
            if begin == 0:
                yield head + b"\n" + whole
            elif whole:
                yield whole
            rest, end = head + b"\n", begin


def _unpacked(file: Path) -> Iterator[bytes]:
    with igzip.open(file, "rb") as opened:  # type: ignore[no-untyped-call]
        rest = b""
        while block := opened.read(BLOCK):
            whole, _, rest = (rest + block).rpartition(b"\n")
            yield whole
        yield rest


def _notes(part: bytes, origin: str) -> Iterator[tuple[int, str]]:
    """Size and note of each checkpoint of the trail in these lines."""
    at = -1
    while (at := part.find(MARK, at + 1)) >= 0:
        begin, end = part.rfind(b"\n", 0, at) + 1, part.find(b"\n", at)
        note = _note(part[begin : end if end >= 0 else len(part)])
        named, _, following = note.partition("\n")
        size = following.partition("\n")[0]
        if named == origin and size.isascii() and size.isdecimal():
            yield int(size[:18]), note


def _note(line: bytes) -> str:
    """Empty where the line has none."""
    if line.startswith(b"CEF:"):
        found = _NOTE.search(line.decode("utf-8", "replace"))
        return re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], found[1]) if found else ""
    try:
        value: Any = orjson.loads(line)
        note = value["leakline"]["trail"]["note"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return note if isinstance(note, str) else ""
