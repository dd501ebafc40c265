"""Files of a kind or a name that a hunt cannot take for granted: pipes, arrays, names that are no text."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

from tests.hunt.hunting import run, where, write_rules


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """Every byte of it, packed or not; without `--raw`, where files are read twice, it is refused."""
    folder = write_rules(tmp_path / "rules", {"word": ("a: x", "sel")})
    lines = b'{"a":"x"}\n{"a":"y"}\n{"a":"x"}\n'
    for data in (lines, gzip.compress(lines)):
        status, alerts, _ = run(piped(tmp_path / "pipe", data), rules=folder, raw=True)
        assert (status, where(alerts)) == (1, [("word", 1), ("word", 3)])
    os.mkfifo(tmp_path / "another pipe")
    status, alerts, told = run(tmp_path / "another pipe", rules=folder)
    assert (status, alerts) == (3, [])
    assert "pipe is not a file that can be read twice: write its output to a file first" in told


def piped(path: Path, data: bytes) -> Path:
    """A named pipe that gives this to who opens it, once."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=[data], daemon=True).start()
    return path


def test_an_array_is_told_what_it_is(tmp_path: Path) -> None:
    """And how it becomes lines."""
    (tmp_path / "all.json").write_text('[{"EVENT_TYPE":"API"},\n{"EVENT_TYPE":"API"}]')
    status, _, told = run(tmp_path / "all.json", rules=write_rules(tmp_path / "rules", {"word": ("a: x", "sel")}))
    assert status == 3
    assert "all.json is one JSON array: write one object a line" in told


def test_a_name_that_is_no_text_is_told_as_well_as_can_be(tmp_path: Path) -> None:
    """Names of files are bytes."""
    folder = write_rules(tmp_path / "rules", {"word": ("a: x", "sel")})
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.ndjson"))
    path.write_bytes(b'{"a":"x"}\n')
    _, (alert,), _ = run(path, rules=folder, raw=True)
    assert alert["leakline"]["input"]["file"] == f"{tmp_path}/\ufffd.ndjson"
