"""Two orgs that live the same day through one daemon: together they give the alerts of each alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings, parse
from agent.demo.enrichment import enrichment
from agent.detection.alert.fold import OPEN_ALERTS
from agent.model import Batch
from agent.normalize.row_identity import Occurrences, identify
from agent.pipeline.commit_line import BatchCommit
from agent.simulator.scenarios import SCENARIOS, play
from agent.simulator.world.sessions import Timetable
from agent.simulator.world.staff import Staff
from agent.sources.event_log_file.csv_file import read_log_file
from tests.assess.log_file_texts import LogFileText, Span, log_files

DAY = date(2026, 6, 3)
SEED = 5
TYPES = (
    "Login", "LoginAs", "Logout", "RestApi", "API", "BulkApi2", "Report", "ReportExport", "URI", "ContentTransfer",
    "AuraRequest", "NamedCredential", "ApiTotalUsage",
)  # fmt: skip

ACME, OTHER = "00D1x00000kVcfPEAS", "00D9z00000AbCdEEAV"
"""Org ids."""
SHARDS = {ACME: "acme", OTHER: "other"}

COLUMNS = [
    "EVENT_TYPE",
    "TIMESTAMP",
    "TIMESTAMP_DERIVED",
    "USER_ID",
    "CLIENT_IP",
    "SOURCE_IP",
    "LOGIN_STATUS",
    "USER_NAME",
]


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens at a time of the clock: a batch, or None for the passing of a minute."""

    now: datetime
    batch: Batch | None


@pytest.fixture(scope="module")
def day() -> list[LogFileText]:
    """A day's files with every leak planted."""
    span = Span(SEED, Staff(SEED, 60), 6_000, DAY, 1, 6, event_types=TYPES)
    planted_events, _ = play(tuple(SCENARIOS), SEED, span.staff, Timetable(SEED, span.staff), span.window)
    planted = [event for event in planted_events if event.event_type in TYPES]
    return list(log_files([Span(SEED, span.staff, 6_000, DAY, 1, 6, planted_events=tuple(planted), event_types=TYPES)]))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Both orgs, with lists and thresholds that let most rules see something."""
    (tmp_path / "secret").write_text("of orgs that nobody asks")
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(tmp_path / "secret")}}
    lists = tmp_path / "lists"
    lists.mkdir()
    orgs = [{"name": name, "url": f"https://{name}.my.salesforce.com", "auth": auth} for name in ("acme", "other")]
    return parse(
        {
            "orgs": orgs,
            "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
            "enrich": enrichment(lists, Staff(SEED, 60), DAY),
            "state": {"directory": str(tmp_path / "state")},
        }
    )


def moments(files: Iterable[LogFileText], org: str, later: timedelta = timedelta()) -> Iterator[Moment]:
    """The files as batches of an org, each taken when the file is made, or so much later."""
    for file in files:
        content = file.content.replace(Span(SEED, Staff(SEED, 60), 0, DAY, 1, 6).org[:15].encode(), org[:15].encode())
        occurrences = Occurrences()
        for piece in read_log_file(BytesIO(content), name=file.event_type):
            ids, _ = occurrences.number(identify(piece.frame, org, file.event_type))
            frame = piece.frame.with_columns(ids.alias("event.id"))
            now = datetime.fromtimestamp(file.created / 1000, UTC) + later
            yield Moment(now, Batch(org, "event_log_file", file.event_type, frame))


def with_minutes(moments: Iterable[Moment], every: timedelta = timedelta(minutes=30)) -> list[Moment]:
    """In the order of the clock, and with its own beat."""
    ordered = sorted(moments, key=lambda moment: moment.now)
    first, last = ordered[0].now, ordered[-1].now + timedelta(hours=3)
    beats = [Moment(first + every * number, None) for number in range(int((last - first) / every))]
    return sorted([*ordered, *beats], key=lambda moment: moment.now)


def alerts(settings: Settings, lived: Sequence[Moment], folder: Path) -> Counter[str]:
    """Everything that is said in alerts by a daemon that lives this, each as JSON with all its fields."""
    found: Counter[str] = Counter()

    def watch(_: str, committed: BatchCommit) -> None:
        for row in committed.alerts.to_dicts():
            found[json.dumps({name: value for name, value in row.items() if value is not None}, default=str)] += 1

    now = [lived[0].now]
    state = settings.state.model_copy(update={"directory": folder})
    node = build_node(settings.model_copy(update={"state": state}), now=lambda: now[0], stop=StopEvent(), watch=watch)
    try:
        for moment in lived:
            now[0] = moment.now
            if moment.batch is None:
                for shard in node.shards.values():
                    shard.ingest.tick()
            else:
                shard = node.shards[SHARDS[moment.batch.org]]
                shard.ingest.take("orgs/event_log_file", moment.batch)
    finally:
        node.close()
    return found


def assert_together_is_each_alone(settings: Settings, lived: Sequence[Moment], tmp_path: Path) -> dict[str, int]:
    """Alerts of each org; the daemon of one org lives the same hours without the other's batches."""
    together = alerts(settings, lived, tmp_path / "both")
    alone: Counter[str] = Counter()
    numbers = {}
    for org in (ACME, OTHER):
        own = [moment for moment in lived if moment.batch is None or moment.batch.org == org]
        said = alerts(settings, own, tmp_path / org)
        numbers[org] = said.total()
        alone += said
    missing, extra = alone - together, together - alone
    assert not missing, f"{missing.total()} alerts are missing, such as {next(iter(missing))}"
    assert not extra, f"{extra.total()} alerts are too many, such as {next(iter(extra))}"
    return numbers


@pytest.mark.attack
def test_two_orgs_that_live_the_same_day_give_the_alerts_of_each_alone(
    settings: Settings, day: list[LogFileText], tmp_path: Path
) -> None:
    """The same people at the same addresses do the same in both; every field of every alert is what it is alone."""
    lived = with_minutes([*moments(day, ACME), *moments(day, OTHER)])
    numbers = assert_together_is_each_alone(settings, lived, tmp_path)
    assert numbers[ACME] == numbers[OTHER] > 20


@pytest.mark.attack
@pytest.mark.long
def test_an_org_a_day_behind_another_one_gives_the_alerts_it_gives_alone(
    settings: Settings, day: list[LogFileText], tmp_path: Path
) -> None:
    """What a fast org has seen makes no row of a slow one late, and closes no window of it."""
    lived = with_minutes([*moments(day, ACME), *moments(day, OTHER, timedelta(hours=26))])
    numbers = assert_together_is_each_alone(settings, lived, tmp_path)
    assert numbers[OTHER] > 20


def logins(org: str, addresses: Sequence[str], at: datetime) -> Batch:
    """One from each address, of nobody in particular."""
    rows = [
        ("Login", f"{at:%Y%m%d%H%M%S}.000", f"{at:%Y-%m-%dT%H:%M:%S}.000Z", None, ip, ip, "LOGIN_NO_ERROR", None)
        for ip in addresses
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String()), orient="row")
    ids = pl.Series("event.id", [f"{org}{next(_NUMBER):014d}" for _ in rows])
    return Batch(org, "event_log_file", "Login", frame.with_columns(ids))


_NUMBER = count()


def test_a_flood_in_one_org_closes_no_window_of_another(settings: Settings, tmp_path: Path) -> None:
    """More actors than there are windows, in one org: the other org's repeats are folded and counted as ever."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "any.yml").write_text(
        "title: Any login\nid: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f001\nlevel: low\n"
        "logsource: {product: salesforce, service: event_log_file}\n"
        "detection: {sel: {EVENT_TYPE: Login}, condition: sel}\n"
    )
    rules = settings.rules.model_copy(update={"folders": [folder], "shipped": False})
    noon = datetime(2026, 6, 3, 12, tzinfo=UTC)
    flood = [f"10.{number // 250}.{number % 250}.7" for number in range(OPEN_ALERTS + 200)]
    steps: list[Any] = [
        (0, OTHER, ["192.0.2.1"]),
        (1, OTHER, ["192.0.2.1"]),
        (2, ACME, ["192.0.2.1"]),
        (3, ACME, flood),
        (4, OTHER, ["192.0.2.1", "192.0.2.2"]),
    ]
    lived = [
        Moment(noon + timedelta(minutes=5 * place), logins(org, addresses, noon + timedelta(minutes=place)))
        for place, org, addresses in steps
    ]
    lived.append(Moment(noon + timedelta(hours=2), None))
    numbers = assert_together_is_each_alone(settings.model_copy(update={"rules": rules}), lived, tmp_path)
    assert numbers == {ACME: OPEN_ALERTS + 200 + 1, OTHER: 3}
