"""Files: whole lines after any crash, rotation, compression, full disks."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.destinations.file.file import File, FileSettings
from agent.errors import Misconfigured, Unavailable
from tests.destinations.rows import Clock, as_json, event_id, one_chunk, rows

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
Open = Callable[..., File]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def open_file(opened: ExitStack, tmp_path: Path, clock: Clock) -> Open:
    def build(**changes: Any) -> File:
        document = {"type": "file", "directory": str(tmp_path / "out"), **changes}
        file = File(FileSettings.model_validate(document), as_json, now=clock)
        opened.callback(file.close)
        return file

    return build


def lines_of(path: Path) -> list[str]:
    """By line feeds alone: `splitlines` would also split at U+2028 and the like."""
    *lines, rest = path.read_bytes().decode().split("\n")
    assert rest == ""
    return lines


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_lane_has_its_file(open_file: Open, tmp_path: Path) -> None:
    """Leakline's own rows go to `alerts`, all others to `events`; only the group may read them."""
    file = open_file()
    file.send(one_chunk(file, rows(2)))
    file.send(one_chunk(file, rows(1, first=2, dataset="leakline.alert")))
    out = tmp_path / "out"
    assert names(out) == ["alerts.ndjson", "events.ndjson"]
    assert (out / "alerts.ndjson").read_text() == as_json(rows(1, first=2))[0] + "\n"
    assert (out / "events.ndjson").read_text() == "".join(line + "\n" for line in as_json(rows(2)))
    assert (out / "events.ndjson").stat().st_mode & 0o777 == 0o640


def test_cef_lines_have_their_own_name(open_file: Open, tmp_path: Path) -> None:
    """With `format: cef` the files end in `.cef`."""
    file = open_file(format="cef", lanes=["events"])
    file.send(one_chunk(file, rows(1), ["CEF:0|a"]))
    assert (tmp_path / "out" / "events.cef").read_text() == "CEF:0|a\n"


@pytest.mark.parametrize("torn", [b"", b'{"half', b"x" * 200_000])
@pytest.mark.parametrize("whole", [b"", b"one\ntwo\n"])
def test_a_line_torn_by_a_crash_is_cut_off(open_file: Open, tmp_path: Path, whole: bytes, torn: bytes) -> None:
    """What a crash left without its line end is removed; whole lines stay."""
    path = tmp_path / "out" / "events.ndjson"
    path.parent.mkdir()
    path.write_bytes(whole + torn)
    file = open_file()
    file.send(one_chunk(file, rows(1)))
    assert path.read_bytes() == whole + as_json(rows(1))[0].encode() + b"\n"


def test_rotation_by_size(open_file: Open, tmp_path: Path, clock: Clock) -> None:
    """A file that would grow above `rotate_bytes` is set aside first; no line is split or lost."""
    file = open_file(rotate_bytes=2000)
    for first in range(0, 40, 4):
        file.send(one_chunk(file, rows(4, first=first)))
        if first == 20:
            clock.time += timedelta(seconds=1)
    out = tmp_path / "out"
    expected = {f"events-20260102T{time}.ndjson" for time in ("120000Z", "120000Z-002", "120001Z")}
    assert expected < set(names(out))
    assert all(path.stat().st_size < 2000 or len(lines_of(path)) == 4 for path in out.iterdir())
    lines = [line for name in names(out) for line in lines_of(out / name)]
    assert sorted(lines) == sorted(as_json(rows(40)))


@pytest.mark.parametrize(
    "every, step, expected", [("1h", 59, 1), ("1h", 60, 2), ("1d", 11 * 60, 1), ("1d", 12 * 60, 2)]
)
def test_rotation_by_time(open_file: Open, tmp_path: Path, clock: Clock, every: str, step: int, expected: int) -> None:
    """With `rotate_every` a file is set aside when the hour or day has begun anew, by the clock that was passed in."""
    file = open_file(rotate_every=every)
    file.send(one_chunk(file, rows(1)))
    clock.time += timedelta(minutes=step)
    file.send(one_chunk(file, rows(1, first=1)))
    assert len(names(tmp_path / "out")) == expected


def test_rotation_by_time_survives_a_restart(open_file: Open, tmp_path: Path) -> None:
    """A file last written in an earlier hour is set aside by the first row after a restart."""
    file = open_file(rotate_every="1h")
    file.send(one_chunk(file, rows(1)))
    file.close()
    path = tmp_path / "out" / "events.ndjson"
    os.utime(path, (NOON.timestamp() - 3600,) * 2)
    again = open_file(rotate_every="1h")
    again.send(one_chunk(again, rows(1)))
    assert names(tmp_path / "out") == ["events-20260102T120000Z.ndjson", "events.ndjson"]


def test_compression_and_keeping(open_file: Open, tmp_path: Path, clock: Clock) -> None:
    """Files set aside are packed, also one that a crash left unpacked; only `keep` of them stay, the newest."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "events-20260101T000000Z.ndjson").write_text("left behind\n")
    (out / "events-notes.ndjson").write_text("somebody else's\n")
    file = open_file(rotate_bytes=1000, compress=True, keep=2)
    for number in range(4):
        clock.time = NOON + timedelta(hours=number)
        file.send(one_chunk(file, rows(3, first=3 * number), ["y" * 300] * 3))
        if number == 1:
            assert gzip.decompress((out / "events-20260101T000000Z.ndjson.gz").read_bytes()) == b"left behind\n"
    assert names(out) == [
        "events-20260102T140000Z.ndjson.gz",
        "events-20260102T150000Z.ndjson.gz",
        "events-notes.ndjson",
        "events.ndjson",
    ]
    packed = out / "events-20260102T150000Z.ndjson.gz"
    assert gzip.decompress(packed.read_bytes()) == (b"y" * 300 + b"\n") * 3
    assert packed.stat().st_mode & 0o777 == 0o640


def test_a_file_moved_by_others_is_begun_anew(open_file: Open, tmp_path: Path) -> None:
    """When logrotate renames the file, the next row goes to a new one."""
    file = open_file()
    file.send(one_chunk(file, rows(1)))
    path = tmp_path / "out" / "events.ndjson"
    path.rename(tmp_path / "out" / "moved")
    file.send(one_chunk(file, rows(1, first=1)))
    assert path.read_text() == as_json(rows(1, first=1))[0] + "\n"


def test_two_writers_are_one_too_many(open_file: Open) -> None:
    """A second process (or destination) on the same file is refused, in words."""
    first, second = open_file(), open_file()
    first.send(one_chunk(first, rows(1)))
    with pytest.raises(Misconfigured, match="another process"):
        second.send(one_chunk(second, rows(1)))


@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_failed_write_leaves_nothing_behind(
    open_file: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A full disk, or an fsync that fails, is unavailable; the retry does not double a line."""
    file = open_file()
    file.send(one_chunk(file, rows(2)))
    real_write = os.write

    def part(handle: int, data: memoryview) -> int:
        if len(data) < 200:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(handle, data[:100])

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, failing, part if failing == "write" else broken)
        with pytest.raises(Unavailable) as caught:
            file.send(one_chunk(file, rows(3, first=2)))
        assert not isinstance(caught.value, Misconfigured)
        assert "events.ndjson" in str(caught.value)
    file.send(one_chunk(file, rows(3, first=2)))
    assert lines_of(tmp_path / "out" / "events.ndjson") == list(as_json(rows(5)))


@pytest.mark.server
def test_a_disk_that_is_really_full(open_file: Open, tmp_path: Path, opened: ExitStack) -> None:
    """On a file system of two megabytes: unavailable when full, and the same rows once there is room."""
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], capture_output=True, check=False
    )
    if mounted.returncode:
        reason = "needs the right to mount a tmpfs (run as root)"
        (pytest.fail if os.environ.get("CI_SERVERS") == "1" else pytest.skip)(reason)
    opened.callback(lambda: subprocess.run(["umount", mount], check=True))
    file = open_file(directory=str(mount))
    ballast = mount / "ballast"
    ballast.write_bytes(b"x" * 1_500_000)
    lines = ["z" * 100_000] * 8
    with pytest.raises(Unavailable, match="make room"):
        file.send(one_chunk(file, rows(8), lines))
    ballast.unlink()
    file.send(one_chunk(file, rows(8), lines))
    assert lines_of(mount / "events.ndjson") == lines
    file.close()


def test_a_folder_that_cannot_be(open_file: Open, tmp_path: Path) -> None:
    """A file where the folder should be needs a person, by `send` and by `probe`."""
    (tmp_path / "out").write_text("in the way")
    file = open_file()
    with pytest.raises(Misconfigured, match="out"):
        file.send(one_chunk(file, rows(1)))
    assert not next(file.probe()).ok


WRITER = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from agent.destinations.file.file import File, FileSettings
    from tests.destinations.rows import as_json, one_chunk, rows

    settings = FileSettings.model_validate({"type": "file", "directory": sys.argv[1], "rotate_bytes": 200_000})
    file = File(settings, as_json, now=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    for first in range(0, 10**9, 50):
        file.send(one_chunk(file, rows(50, first=first)))
        print(first + 50, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_a_killed_process(open_file: Open, tmp_path: Path) -> None:
    """After kill -9 at some moment, every row that was acknowledged is in the files, whole."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "out")]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(30)][-1]
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    file = open_file(rotate_bytes=200_000)
    file.send(one_chunk(file, rows(1, first=10**8)))
    lines = [line for path in (tmp_path / "out").iterdir() for line in lines_of(path)]
    frame = pl.DataFrame({"line": lines}).select(pl.col("line").str.json_path_match("$.id").alias("id"))
    assert frame["id"].null_count() == 0
    assert {event_id(number) for number in range(acknowledged)} <= set(frame["id"])
    assert frame["id"].is_unique().all()
