"""Which classes of `agent` are a `State` or a `BatchStore`, and how a test opens each of them."""

from __future__ import annotations

import ast
import errno
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

from agent.store.batch_file import BatchFile
from agent.store.directory.batch_folder import BatchFolder
from agent.store.directory.shard_state import ShardState
from agent.store.directory.state_directory import StateDirectory
from agent.store.state import State
from tests.imports import AGENT, FILES


class StateHarness(Protocol):
    """A place for a state of several shards. Another process reaches the same one by the same path."""

    def open(self) -> None:
        """Open or create it, as a process does at its start."""

    def shard(self, name: str) -> State:
        """A shard of what is open."""
        ...

    def close(self) -> None:
        """Leave it in order; nothing to do when it is not open."""

    def no_room(self) -> AbstractContextManager[None]:
        """While it lasts nothing more can be stored by this thread."""
        ...

    def damage(self, shard: str, store: str, file: BatchFile) -> None:
        """Change a byte of a batch that is held."""


class DirectoryHarness:
    """A state directory."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._opened: StateDirectory | None = None

    def open(self) -> None:
        self._opened = StateDirectory(self.place)

    def take(self, opened: StateDirectory) -> None:
        """One that somebody else has opened, and closes."""
        self._opened = opened

    def shard(self, name: str) -> State:
        assert self._opened is not None
        return self._opened.shard(name)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    @contextmanager
    def no_room(self) -> Iterator[None]:
        """SQLite may not make its file longer, and the system takes half of what is written to others."""
        assert self._opened is not None
        connection = self._opened._database._connection
        write = os.write

        def write_half(descriptor: int, data: memoryview) -> int:
            write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        connection.execute("PRAGMA max_page_count = 1")
        try:
            with patch("os.write", write_half):
                yield
        finally:
            connection.execute(f"PRAGMA max_page_count = {(1 << 32) - 2}")

    def damage(self, shard: str, store: str, file: BatchFile) -> None:
        path = self.shard(shard).directory / store / file.name
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


Harnesses = Mapping[type, Callable[[Path], StateHarness]]

STATES: Harnesses = {ShardState: DirectoryHarness}
"""Every implementation of `State`, and a harness for it at a path of the test's."""

BATCH_STORES: Harnesses = {BatchFolder: DirectoryHarness}
"""Every implementation of `BatchStore`, and a harness whose shards give it."""

TRAITS: Mapping[str, frozenset[str]] = {
    "State": frozenset({"transact", "batches"}),
    "BatchStore": frozenset({"hold", "discard"}),
}
"""Methods by which a class is taken for an implementation: few, so that an unfinished one is found as well."""


def implementations(protocol: str) -> set[type]:
    """Classes of `agent` that have these methods, their own or inherited, and are no Protocols."""
    found: set[type] = set()
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        if any(_may_be(node, TRAITS[protocol]) for node in classes):
            module = importlib.import_module(".".join(path.relative_to(AGENT.parent).with_suffix("").parts))
            found |= {getattr(module, node.name) for node in classes}
    return {cls for cls in found if not getattr(cls, "_is_protocol", False) and TRAITS[protocol] <= set(dir(cls))}


def _may_be(node: ast.ClassDef, methods: frozenset[str]) -> bool:
    """Defines one of the methods, or inherits from what already is a member: only its file has to be imported."""
    members = {cls.__name__ for cls in (*STATES, *BATCH_STORES)}
    bases = {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
    own = {child.name for child in node.body if isinstance(child, ast.FunctionDef)}
    return bool(own & methods or bases & members)
