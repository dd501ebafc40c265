"""Who does what when: the rows of a type on a day, before anything stands in their cells.

Each function gives a frame with `index` (`UInt64`, the row's number among the type's rows of that day), `session`
(`UInt32`, a row of the day's session table) and `time` (`Int64`, milliseconds since 1970).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from agent.simulator.world.random_columns import RandomColumns, roll_between
from agent.simulator.world.sessions import HOUR

MIX: dict[str, tuple[float, str]] = {
    "AuraRequest": (15_000, "pag"),
    "LightningPageView": (7_000, "pa"),
    "LightningInteraction": (5_500, "pa"),
    "LightningPerformance": (1_500, "pa"),
    "LightningError": (500, "pa"),
    "URI": (5_000, "pa"),
    "VisualforceRequest": (1_600, "pa"),
    "Search": (700, "pa"),
    "SearchClick": (700, "pa"),
    "KnowledgeArticleView": (260, "pg"),
    "Sites": (900, "g"),
    "RestApi": (15_000, "i"),
    "ApiTotalUsage": (15_000, "i"),
    "API": (4_500, "i"),
    "ApexRestApi": (700, "i"),
    "BulkApi": (140, "i"),
    "BulkApi2": (160, "i"),
    "BulkApiRequest": (320, "i"),
    "CompositeApi": (350, "i"),
    "Report": (900, "pa"),
    "ReportExport": (900, "pa"),
    "AsyncReportRun": (260, "pa"),
    "Dashboard": (480, "pa"),
    "WaveInteraction": (160, "pa"),
    "WavePerformance": (160, "pa"),
    "WaveDownload": (14, "pa"),
    "ContentTransfer": (420, "pai"),
    "ContentDocumentLink": (180, "pa"),
    "ContentDistribution": (22, "pa"),
    "DocumentAttachmentDownloads": (70, "pa"),
    "ApexExecution": (6_500, "pai"),
    "ApexTrigger": (3_600, "pai"),
    "ApexCallout": (900, "pai"),
    "QueuedExecution": (700, "pai"),
    "FlowExecution": (1_500, "pai"),
    "NamedCredential": (500, "pai"),
    "UniqueQuery": (5_000, "pai"),
    "DatabaseSave": (2_400, "pai"),
    "ApexUnexpectedException": (40, "pai"),
    "InsufficientAccess": (90, "pa"),
    "LoginAs": (3, "a"),
    "SalesforceLoginAs": (0.4, "a"),
    "PermissionUpdate": (24, "a"),
    "GroupMembership": (18, "a"),
    "MetadataApiOperation": (26, "a"),
    "PackageInstall": (1.4, "a"),
    "Sandbox": (0.6, "a"),
    "ChangeSetOperation": (1.2, "a"),
    "PlatformEncryption": (8, "a"),
    "TransactionSecurity": (30, "pa"),
    "CorsViolation": (14, "g"),
    "CSPViolation": (60, "pa"),
    "HostnameRedirects": (36, "pa"),
    "BlockedRedirections": (6, "pg"),
    "Login": (0, "paig"),
    "Logout": (0, "pa"),
}
"""Rows of 100,000 on a weekday, and who makes them: p people, a administrators, i integrations, g guests. Login and
Logout follow from the sessions."""

WEEKEND = 0.4
"""The share of a weekday's volume that people make on a Saturday or Sunday."""


MONTH_END = 1.4
"""The same when books are closed."""


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of the org."""

    seed: int
    date: date
    rows: int
    """About how many rows a weekday has over all types."""
    sessions: pl.DataFrame

    def among(self, kinds: str) -> pl.DataFrame:
        """The sessions of these kinds, with their number in the table as `session`."""
        wanted = [kind for kind in ("person", "admin", "integration", "guest") if kind[0] in kinds]
        return self.sessions.with_row_index("session").filter(pl.col("kind").is_in(wanted))


def in_sessions(day: Day, event_type: str) -> pl.DataFrame:
    """Rows spread over the sessions, more for longer and busier ones."""
    share, kinds = MIX[event_type]
    sessions = day.among(kinds)
    if sessions.is_empty():
        return _none()
    expected = day.rows * share * (1.0 if "i" in kinds else _busyness(day.date)) / 100_000
    count = int(expected + roll_between(0, 1, day.seed, "count", event_type, day.date))
    random = _random(day, event_type, count)
    # A number below the sum of all weights falls into a session as often as its weight is large.
    ends = sessions["weight"].cum_sum().cast(pl.Int64)
    chosen = sessions[ends.search_sorted(random.below("session", ends[-1]).cast(pl.Int64), side="right")]
    return _frame(count, chosen, chosen["start"] + _within(random, chosen))


def _busyness(day: date) -> float:
    """People's share of a weekday's volume."""
    if day.weekday() >= 5:
        return WEEKEND
    return MONTH_END if closes_month(day) else 1.0


def closes_month(day: date) -> bool:
    """Whether books are closed: the last two and the first working day of a month."""
    dates = [day + timedelta(days=step) for step in range(-3, 6)]
    working = [working_day for working_day in dates if working_day.weekday() < 5]
    place = working.index(day) if day in working else -1
    if place < 0:
        return False
    return working[place - 1].month != day.month or any(
        working_day.month != day.month for working_day in working[place + 1 : place + 3]
    )


def _within(random: RandomColumns, chosen: pl.DataFrame) -> pl.Series:
    """Milliseconds after the session's start; the first seconds belong to the login itself."""
    # From 1.5 s after the start to 0.5 s before the end: the Login row is at the start, the Logout row at the end.
    length = (chosen["end"] - chosen["start"] - 2000).cast(pl.Float64)
    return 1500 + (random.part("moment") * length).cast(pl.Int64)


def at_start(day: Day, _: str) -> pl.DataFrame:
    """One row for each session, where it begins; guests do not log in."""
    sessions = day.among("pai").filter(pl.col("leg") == 0)
    return _frame(len(sessions), sessions, sessions["start"])


def before_start(day: Day, event_type: str) -> pl.DataFrame:
    """Some people mistype first."""
    sessions = day.among("pa").filter(pl.col("leg") == 0)
    random = _random(day, event_type + " failed", len(sessions))
    clumsy = random.whether("clumsy", 0.07)
    frame = _frame(len(sessions), sessions, sessions["start"] - 2000 - random.below("before", 30_000).cast(pl.Int64))
    # Far above the numbers of the day's other rows, so that the ids are nobody else's; `fumbling` begins at twice that.
    return frame.with_columns(index=frame["index"] + (1 << 32)).filter(clumsy)


def fumbling(day: Day, event_type: str) -> pl.DataFrame:
    """A few try three to seven times before they remember, most of them on Mondays."""
    sessions = day.among("pa").filter(pl.col("leg") == 0)
    random = _random(day, event_type + " fumbled", len(sessions))
    chosen = random.whether("forgetful", 0.03 if day.date.weekday() == 0 else 0.008)
    tries = 3 + random.below("tries", 5).cast(pl.Int64)
    every = sessions.with_columns(tries=tries, row=pl.int_range(pl.len())).filter(chosen)
    every = every.with_columns(nth=pl.int_ranges("tries")).explode("nth")
    pause = 9_000 + every["row"] * 1_013 % 14_000
    # At most 7 tries with pauses of 9 to 23 s: the first is at most three minutes or so before the login that succeeds.
    frame = _frame(len(every), every, every["start"] - 45_000 - every["nth"] * pause)
    return frame.with_columns(index=((1 << 33) + every["row"] * 16 + every["nth"]).cast(pl.UInt64))


def at_end(day: Day, event_type: str) -> pl.DataFrame:
    """Some log out, the others' sessions time out."""
    sessions = day.among("pa").filter(pl.col("leg") == pl.col("legs") - 1)
    random = _random(day, event_type, len(sessions))
    return _frame(len(sessions), sessions, sessions["end"]).filter(random.whether("tidy", 0.45))


PARTS: dict[str, tuple[Callable[[Day, str], pl.DataFrame], ...]] = {
    "Login": (at_start, before_start, fumbling),
    "Logout": (at_end,),
}
"""Where a type's rows come from, if not from `in_sessions`."""


FAILED = (before_start, fumbling)
"""Those of logins that fail."""


def busiest_hour(window: tuple[int, int]) -> int:
    """The start of the hour in the middle of a window."""
    middle = (window[0] + window[1]) // 2
    return middle - middle % HOUR


def _random(day: Day, stream: str, count: int) -> RandomColumns:
    return RandomColumns(pl.int_range(count, dtype=pl.UInt64, eager=True), day.seed, day.date, stream)


def _frame(count: int, sessions: pl.DataFrame, time: pl.Series) -> pl.DataFrame:
    """`index` counted from 0, the `session` column of `sessions` and `time` (`Int64`, ms), all of `count` rows."""
    index = pl.int_range(count, dtype=pl.UInt64, eager=True).alias("index")
    return pl.DataFrame([index, sessions["session"], time.alias("time")])


def _none() -> pl.DataFrame:
    """No rows, in the columns of `_frame`."""
    return pl.DataFrame(schema={"index": pl.UInt64, "session": pl.UInt32, "time": pl.Int64})
