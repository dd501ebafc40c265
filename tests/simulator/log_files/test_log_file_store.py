from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from agent.simulator.log_files.drift import NEW_COLUMN, NEW_TYPE
from agent.simulator.log_files.log_file import LogFile
from agent.simulator.log_files.truth import SEPARATOR, events, read_truth
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.world.columns import free_types, layouts
from tests.simulator.conftest import AT_ONCE

csv.field_size_limit(1 << 24)

FREE_AND_NOT = ("Login", "Logout", "ApiTotalUsage", "CorsViolation", "RestApi", "Report")


def _rows(file: LogFile) -> list[dict[str, str]]:
    with file.path.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def _hash(row: dict[str, str]) -> str:
    """The content hash, worked out in the plainest way."""
    pairs = SEPARATOR.join(f"{name}={value}" for name, value in sorted(row.items()) if value)
    return sha256(pairs.encode()).hexdigest()


def _judge(org: SimulatedOrg) -> pl.DataFrame:
    """Every row of every file against the truth, one by one; returns the truth."""
    truth = read_truth(org.truth)
    places = {(row["file"], row["version"], row["row"]): row for row in truth.iter_rows(named=True)}
    for file in org.all_files():
        seen: Counter[str] = Counter()
        rows = _rows(file)
        assert len(rows) == file.rows
        assert file.path.stat().st_size == file.length
        for number, row in enumerate(rows, start=1):
            told = places.pop((file.id, file.version, number))
            digest = _hash(row)
            seen[digest] += 1
            assert told["sha256"] == digest
            assert told["occurrence"] == seen[digest]
            assert (told["event_type"], told["request_id"]) == (row["EVENT_TYPE"], row["REQUEST_ID"])
            assert told["timestamp_derived"] == row.get("TIMESTAMP_DERIVED", "")
    assert not places
    return truth


def test_the_truth_is_what_stands_in_the_files(make_org: Callable[..., SimulatedOrg]) -> None:
    """Row for row, for every type, with awkward content, increments and daily files."""
    org = make_org(
        event_types=None,
        rows_per_day=12_000,
        history=timedelta(hours=14),
        delay=AT_ONCE,
        scenarios=None,
        late_share=0.3,
    )
    truth = _judge(org)
    assert set(truth["interval"].unique()) == {"Hourly", "Daily"}
    assert truth["scenario"].drop_nulls().n_unique() == len(org.scenarios())


def test_content_and_event_go_together(make_org: Callable[..., SimulatedOrg]) -> None:
    """A repeated row has the hash of the first; within a file (hash, occurrence) names one event."""
    org = make_org(rows_per_day=20_000, history=timedelta(hours=60), late_share=0.5)
    truth = read_truth(org.truth)
    assert truth.group_by("id").agg(pl.col("sha256").n_unique()).get_column("sha256").max() == 1
    assert truth.group_by("sha256", "occurrence").agg(pl.col("id").n_unique()).get_column("id").max() == 1
    assert events(truth)["places"].max() >= 2  # type: ignore[operator]


def test_the_same_settings_make_the_same_files(make_org: Callable[..., SimulatedOrg]) -> None:
    """Ids, times and every byte."""
    first, second = make_org(name="one", scenarios=None), make_org(name="other", scenarios=None)
    files = [{file.id: file for file in org.all_files()} for org in (first, second)]
    assert files[0].keys() == files[1].keys()
    for ident, file in files[0].items():
        twin = files[1][ident]
        assert (file.created, file.visible, file.length) == (twin.created, twin.visible, twin.length)
        assert file.path.read_bytes() == twin.path.read_bytes()
    assert first.truth.read_bytes() == second.truth.read_bytes()


def test_an_org_that_went_on_has_the_files_of_one_made_later(make_org: Callable[..., SimulatedOrg]) -> None:
    """Advancing the clock makes the same rows as a longer history does."""
    now = make_org(name="first").settings.now
    went_on = make_org(name="on", history=timedelta(hours=6))
    went_on.advance(hours=5)
    made = make_org(name="made", history=timedelta(hours=11), now=lambda: now() + timedelta(hours=5))
    assert {f.id: f.length for f in went_on.all_files()} == {f.id: f.length for f in made.all_files()}


@pytest.mark.parametrize("history_only", [True, False])
def test_an_org_with_nothing_but_its_history_makes_no_files_of_later_hours(
    make_org: Callable[..., SimulatedOrg], *, history_only: bool
) -> None:
    """The hour may end while somebody watches; only who moves the org's clock on sees files of it."""
    clock = [make_org(name="first").settings.now()]
    org = make_org(delay=AT_ONCE, history_only=history_only, now=lambda: clock[0])
    clock[0] += timedelta(minutes=5)  # its late increments are there too
    before = {file.id for file in org.log_files()}
    clock[0] += timedelta(hours=1)
    assert ({file.id for file in org.log_files()} == before) is history_only
    org.advance(hours=1)
    assert {file.id for file in org.log_files()} > before


def test_hourly_files_appear_hours_later(make_org: Callable[..., SimulatedOrg]) -> None:
    """Three to six hours after the hour began; nothing shows before its CreatedDate."""
    org = make_org(history=timedelta(hours=12), late_share=0)
    firsts = [file for file in org.all_files() if file.interval == "Hourly"]
    delays = {(file.created - file.log_date) / 3_600_000 for file in firsts}
    assert all(3 <= delay <= 6 for delay in delays)
    now = org.now().timestamp() * 1000
    assert {file.id for file in org.log_files()} == {file.id for file in firsts if file.visible <= now}
    before = len(org.log_files())
    org.advance(hours=2)
    assert len(org.log_files()) > before


def test_many_files_share_the_second_of_their_creation(make_org: Callable[..., SimulatedOrg]) -> None:
    """Ties are normal."""
    org = make_org(event_types=None, history=timedelta(hours=12))
    ties = Counter(file.created for file in org.log_files())
    assert max(ties.values()) >= 5


def test_at_once_everything_is_there(make_org: Callable[..., SimulatedOrg]) -> None:
    """Without delay every file made is to be seen, increments too."""
    org = make_org(delay=AT_ONCE, late_share=1.0)
    org.advance(minutes=10)
    assert len(org.log_files()) == len(org.all_files())
    assert {file.sequence for file in org.log_files()} >= {1, 2}


def test_late_increments_hold_new_rows_and_some_old_ones(make_org: Callable[..., SimulatedOrg]) -> None:
    """Sequence 2 and up, created after Sequence 1; over all of them each event is told at least once."""
    org = make_org(rows_per_day=40_000, late_share=1.0, history=timedelta(hours=8))
    truth = read_truth(org.truth).filter(pl.col("interval") == "Hourly")
    first, later = truth.filter(pl.col("sequence") == 1), truth.filter(pl.col("sequence") > 1)
    again = later.join(first, on="id", how="semi")
    assert 0 < again.height < later.height
    created = {(f.event_type, f.log_date, f.sequence): f.created for f in org.all_files() if f.interval == "Hourly"}
    for (event_type, hour, sequence), when in created.items():
        if sequence > 1 and (event_type, hour, 1) in created:
            assert when > created[event_type, hour, 1]


def test_daily_files_tell_the_day_again(make_org: Callable[..., SimulatedOrg]) -> None:
    """After 44 to 45 hours, with the events of the hourly files; some are replaced under the same id."""
    org = make_org(history=timedelta(hours=130), rows_per_day=3000)
    daily = [file for file in org.all_files() if file.interval == "Daily"]
    assert all(44 <= (f.created - f.log_date) / 3_600_000 <= 45 for f in daily if f.version == 1)
    replaced = [file for file in daily if file.version == 2]
    assert replaced
    shown = {file.id: file for file in org.log_files()}
    for file in replaced:
        first = next(version for version in daily if version.id == file.id and version.version == 1)
        assert file.created > first.created
        assert file.rows >= first.rows
        assert shown[file.id].version == 2
    truth = read_truth(org.truth)
    final = truth.filter(pl.col("interval") == "Daily").join(
        pl.DataFrame({"file": [f.id for f in shown.values()], "version": [f.version for f in shown.values()]}),
        on=["file", "version"],
        how="semi",
    )
    days = final["log_date"].unique()
    hourly = truth.filter(
        (pl.col("interval") == "Hourly") & (pl.col("log_date").str.slice(0, 10).is_in(days.str.slice(0, 10)))
    )
    assert set(hourly["id"]) == set(final["id"])


def test_files_end_with_retention(make_org: Callable[..., SimulatedOrg]) -> None:
    """Thirty days after they were created they are gone."""
    org = make_org(event_types=["Report"], rows_per_day=2000)
    old = {file.id for file in org.all_files()}
    org.advance(days=31)
    assert not old & {file.id for file in org.log_files() if file.version == 1 and file.interval == "Hourly"}


def test_a_free_org_has_free_types_daily_for_a_day(make_org: Callable[..., SimulatedOrg]) -> None:
    """No licence, no hourly files, nothing but the eight free types."""
    org = make_org(event_types=FREE_AND_NOT, rows_per_day=3000, history=timedelta(hours=72))
    org.change_faults(free_only=True)
    shown = org.log_files()
    assert shown
    assert {file.interval for file in shown} == {"Daily"}
    assert {file.event_type for file in shown} <= free_types()
    assert all(org.now().timestamp() * 1000 - file.created < 24 * 3_600_000 for file in shown)


@pytest.mark.parametrize(
    ("header", "columns"), [("2022", {26}), ("2023", {28}), ("latest", {35}), ("mixed", {26, 28, 35})]
)
def test_login_headers_drift(make_org: Callable[..., SimulatedOrg], header: str, columns: set[int]) -> None:
    """The same type with 26, 28 and 35 columns; the truth holds for each."""
    org = make_org(event_types=["Login"], login_header=header, history=timedelta(hours=50), people=60)
    hourly = [file for file in org.all_files() if file.interval == "Hourly"]
    assert {len(_rows(file)[0]) for file in hourly} == columns
    truth = _judge(org)
    assert truth.group_by("id").agg(pl.col("sha256").n_unique()).get_column("sha256").max() == 1


def test_unknown_columns_and_types(make_org: Callable[..., SimulatedOrg]) -> None:
    """A column at the end of RestApi and a whole type that nobody has documented."""
    org = make_org(event_types=["RestApi", NEW_TYPE], unknown_column=True, unknown_type=True, rows_per_day=60_000)
    files = {file.event_type: file for file in org.all_files()}
    assert list(_rows(files["RestApi"])[0])[-1] == NEW_COLUMN
    assert NEW_TYPE not in layouts()
    assert _rows(files[NEW_TYPE])[0]["EVENT_TYPE"] == NEW_TYPE
    _judge(org)


def test_cells_are_quoted_every_one(make_org: Callable[..., SimulatedOrg]) -> None:
    """Header and cells, empty ones too; line feeds end the lines."""
    org = make_org(event_types=["Report"], awkward=False)
    text = org.all_files()[0].path.read_text()
    first, second, *_ = text.split("\n")
    assert first.startswith('"EVENT_TYPE","TIMESTAMP"')
    assert second.count('","') == first.count('","')
    assert "\r" not in text
    assert text.endswith('"\n')


_MEASURE = """
import resource, sys
from datetime import timedelta
from pathlib import Path
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.world.simulator_settings import SimulatorSettings
org = SimulatedOrg(SimulatorSettings(folder=Path(sys.argv[1]), history=timedelta(hours=3), rows_per_day=2000,
                            event_types=["RestApi"], big_file_mb=int(sys.argv[2])))
big = max(org.all_files(), key=lambda file: file.length)
print(big.length, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def _made(folder: Path, megabytes: int) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(folder), str(megabytes)], capture_output=True, text=True, check=True
    )
    length, peak = done.stdout.split()
    return int(length), int(peak)


def test_a_big_file_is_never_held_in_memory(tmp_path: Path) -> None:
    """Sixty-five megabytes more of a file do not show in the memory it takes."""
    small, large = _made(tmp_path / "small", 40), _made(tmp_path / "large", 105)
    assert large[0] > 105_000_000
    assert large[1] - small[1] < 40_000_000
