"""The newest checkpoint is found in what a file destination wrote, however it wrote it, and within bounds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.destinations.file import held_checkpoint
from agent.destinations.file.file import File, FileSettings
from agent.destinations.file.held_checkpoint import newest_note
from agent.errors import Unavailable
from agent.formats import SENT, cef
from tests.destinations.checkpoints import BEGIN, ORIGIN, events, taken
from tests.destinations.rows import Clock, one_chunk

Open = Callable[..., File]


@pytest.fixture
def clock() -> Clock:
    return Clock(BEGIN)


@pytest.fixture
def open_file(opened: ExitStack, tmp_path: Path, clock: Clock) -> Open:
    def build(**changes: Any) -> File:
        document = {"type": "file", "directory": str(tmp_path / "out"), **changes}
        settings = FileSettings.model_validate(document)
        encode = partial(cef.encode, own_keys=settings.cef.own_keys) if settings.format == "cef" else SENT["ecs"]
        file = File(settings, encode, now=clock)
        opened.callback(file.close)
        return file

    return build


@pytest.mark.parametrize("form", ["ecs", "cef"])
@pytest.mark.parametrize("compress", [False, True])
def test_the_longest_is_found_in_whatever_file_it_is(
    form: str, compress: bool, open_file: Open, clock: Clock, tmp_path: Path
) -> None:
    """Also in one that was set aside, compressed or not; whole, as it was signed."""
    file = open_file(format=form, compress=compress, rotate_every="1h")
    longest = taken(9)
    for written in (taken(3), longest, taken(5)):  # the last one is of a trail that was put back
        file.send(one_chunk(file, events(written)))
        clock.time += timedelta(hours=1)
    assert len(list((tmp_path / "out").iterdir())) == 3
    assert file.newest_checkpoint(ORIGIN, 10.0) == longest.note


def test_of_another_trail_none_counts(open_file: Open) -> None:
    """Two installations may write to one folder in turn."""
    file = open_file()
    own = taken(2)
    file.send(one_chunk(file, events(taken(9, "leakline/ffffffff/trail"), own)))
    assert file.newest_checkpoint(ORIGIN, 10.0) == own.note
    assert file.newest_checkpoint("leakline/00000000/trail", 10.0) is None


def test_nothing_was_written_yet(open_file: Open) -> None:
    """Neither the folder nor a file; or no alerts are written at all."""
    assert open_file().newest_checkpoint(ORIGIN, 10.0) is None
    assert open_file(lanes=["events"]).newest_checkpoint(ORIGIN, 10.0) is None


def test_lines_of_cef_without_own_keys_hold_none(open_file: Open) -> None:
    """The note is in a key of ours."""
    file = open_file(format="cef", cef={"own_keys": False})
    file.send(one_chunk(file, events(taken(2))))
    assert file.newest_checkpoint(ORIGIN, 10.0) is None


def test_every_cut_into_blocks_gives_the_same(open_file: Open, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A line may lie over the edge of two blocks, wherever that is."""
    file = open_file(compress=True, rotate_every="1h")
    sent = [taken(size) for size in (4, 7, 6)]
    file.send(one_chunk(file, events(*sent)))
    for _ in range(2):
        for block in range(1, 2_500, 37):
            monkeypatch.setattr(held_checkpoint, "BLOCK", block)
            assert file.newest_checkpoint(ORIGIN, 10.0) == sent[1].note
        clock.time += timedelta(hours=1)  # and the same of a compressed file
        file.send(one_chunk(file, events(taken(1))))


def test_no_more_is_read_than_the_newest_bytes(
    open_file: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start reads no file of years from its beginning."""
    file = open_file()
    file.send(one_chunk(file, events(taken(9), taken(3), taken(4))))
    size = (tmp_path / "out" / "alerts.ndjson").stat().st_size
    monkeypatch.setattr(held_checkpoint, "LOOK_THROUGH", size * 2 // 3 + 10)
    found = file.newest_checkpoint(ORIGIN, 10.0)
    assert found is not None
    assert found.split("\n")[1] == "4"


def test_a_line_that_is_cut_or_no_event_is_passed_over(open_file: Open, tmp_path: Path) -> None:
    """As a crash leaves it, or somebody's hand."""
    file = open_file()
    own = taken(5)
    file.send(one_chunk(file, events(own)))
    with (tmp_path / "out" / "alerts.ndjson").open("ab") as lines:
        lines.write(
            b'"trail-checkpoint"\n["trail-checkpoint"]\n{"leakline":{"trail":{"note":5}},"a":"trail-checkpoint"}\n'
        )
        lines.write(b'\xff\xfe trail-checkpoint\nCEF:0|trail-checkpoint\n{"event":{"action":"trail-checkpoint"},"leak')
    assert file.newest_checkpoint(ORIGIN, 10.0) == own.note


def test_files_that_cannot_be_read_are_not_said_to_hold_nothing(open_file: Open, tmp_path: Path) -> None:
    """A folder in the place of the file, a damaged compressed one, and one that takes too long."""
    file = open_file()
    (tmp_path / "out" / "alerts.ndjson").mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot be read"):
        file.newest_checkpoint(ORIGIN, 10.0)
    (tmp_path / "out" / "alerts.ndjson").rmdir()
    damaged = tmp_path / "out" / "alerts-20260701T100000Z.ndjson.gz"
    for content in (b"no gzip", bytes.fromhex("1f8b08000000000000ff") + b"\x00" * 40):
        damaged.write_bytes(content)
        with pytest.raises(Unavailable, match="cannot be read"):
            file.newest_checkpoint(ORIGIN, 10.0)
    damaged.unlink()
    file.send(one_chunk(file, events(taken(5))))
    seconds = itertools.count(0, 11)
    with pytest.raises(Unavailable, match="within 10 s"):
        newest_note([tmp_path / "out" / "alerts.ndjson"], ORIGIN, 10.0, steady=lambda: next(seconds))
