"""Contents larger than a piece are written whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.columns.file_bytes import PIECE, pieces, write_all


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_every_byte_is_written_once_and_in_order(tmp_path: Path, length: int) -> None:
    """However the length falls, and where the system takes fewer bytes than it was given."""
    data = os.urandom(length)
    assert b"".join(pieces(memoryview(data))) == data
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    write_all(descriptor, memoryview(data))
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == data


def test_what_the_system_did_not_take_is_written_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write may take a part of what it is given."""
    data, write = os.urandom(2 * PIECE), os.write
    monkeypatch.setattr(os, "write", lambda file, given: write(file, given[: 1 + len(given) // 3]))
    descriptor = os.open(tmp_path / "file", os.O_WRONLY | os.O_CREAT)
    write_all(descriptor, memoryview(data))
    os.close(descriptor)
    assert (tmp_path / "file").read_bytes() == data
