"""The heads of one chain that the process's chain notes, in 40 bytes each: there may be one for every minute of years."""

from __future__ import annotations

from collections.abc import Iterator

from agent.trail.tree import HASH_BYTES

_SIZE_BYTES = 8
_BYTES = _SIZE_BYTES + HASH_BYTES


class NotedHeads:
    """Sizes and roots, in the order in which they were noted."""

    def __init__(self) -> None:
        self._packed = bytearray()
        self.longest = 0
        """The size of the last one; 0 where there is none."""

    def add(self, size: int, root: str) -> None:
        """`root`: in hexadecimal digits. Raises TypeError, ValueError or OverflowError for what is no head, or of a chain
        that became shorter.
        """
        hash_ = bytes.fromhex(root)
        if type(size) is not int or size < max(1, self.longest) or len(hash_) != HASH_BYTES:
            raise ValueError("it is not the head of a chain that grew")
        self._packed += size.to_bytes(_SIZE_BYTES, "big") + hash_
        self.longest = size

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for at in range(0, len(self._packed), _BYTES):
            head = self._packed[at : at + _BYTES]
            yield int.from_bytes(head[:_SIZE_BYTES], "big"), bytes(head[_SIZE_BYTES:])
