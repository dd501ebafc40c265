"""A proof that one record is in the trail: its path to a noted head, that note's path to a signed checkpoint.

An auditor can check it without the rest of the trail, which may have what is not for him to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.errors import LeaklineError
from agent.trail.record import NotARecord, link, read
from agent.trail.tree import inclusion_path
from agent.trail.verify import HEADS, PROCESS


class NotProvable(LeaklineError):
    """No checkpoint covers the record yet, or it is not there; the text says which."""


def proof(
    chain: str, seq: int, lines: Sequence[bytes], process: Sequence[bytes], checkpoint: dict[str, Any]
) -> dict[str, Any]:
    """`lines`: of the record's chain, `process`: of the process's, each from its first on; `checkpoint`: with `size` and
    `note`. Hashes are in hexadecimal digits. Raises NotProvable.
    """
    if not 0 <= seq < len(lines):
        raise NotProvable(f"the chain has {len(lines):,} records; it has no number {seq:,}")
    size = int(checkpoint["size"])
    leaves = [link(line) for line in process[:size]]
    document: dict[str, Any] = {
        "record": lines[seq].decode(),
        "chain": chain,
        "seq": seq,
        "checkpoint": checkpoint["note"],
    }
    if chain == PROCESS:
        if seq >= size:
            raise NotProvable("no signed checkpoint covers the record yet; take one and ask again")
        return document | {"path": _hex(inclusion_path(leaves, seq)), "size": size}
    noted = _noted(chain, seq, process[:size])
    if noted is None:
        raise NotProvable("no signed checkpoint covers the record yet; take one and ask again")
    at, chain_size = noted
    own = [link(line) for line in lines[:chain_size]]
    return document | {
        "path": _hex(inclusion_path(own, seq)),
        "size": chain_size,
        "heads": {"record": process[at].decode(), "seq": at, "path": _hex(inclusion_path(leaves, at)), "size": size},
    }


def _noted(chain: str, seq: int, process: Sequence[bytes]) -> tuple[int, int] | None:
    """The first note of the chain's head that has the record: its number, and how long the chain was."""
    for number, line in enumerate(process):
        if b'"heads"' in line:
            try:
                record = read(line)
            except NotARecord:
                continue
            size = record.data.get(chain, [0])[0] if record.type == HEADS else 0
            if size > seq:
                return number, int(size)
    return None


def _hex(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]
