"""Log files for a scripted org, as tests of the source name them."""

from __future__ import annotations

import datetime as dt

from tests.scripted_org.scripted_org import ScriptedFile, csv_of
from tests.sources.reader import START

HOUR = dt.timedelta(hours=1)


def rows(*names: str | int) -> list[list[str]]:
    return [["20260701090000.000", "005000000000001", str(name)] for name in names]


def hourly(
    number: int, *names: str | int, hours_ago: float = 2, log_hours_ago: int = 5, sequence: int = 1
) -> ScriptedFile:
    return ScriptedFile(
        f"0AT{number:015}",
        created=START - hours_ago * HOUR,
        log_date=START - log_hours_ago * HOUR,
        body=csv_of("Login", rows(*names)),
        sequence=sequence,
    )


def daily(number: int, *names: str | int, hours_ago: float = 2, days_ago: int = 2) -> ScriptedFile:
    day = START.replace(hour=0) - dt.timedelta(days=days_ago)
    body = csv_of("Login", rows(*names))
    return ScriptedFile(f"0AT{number:015}", START - hours_ago * HOUR, day, body, interval="Daily", sequence=0)


def many(number: int, count: int) -> ScriptedFile:
    return hourly(number, *(f"{number}-{n}-{'x' * 40}" for n in range(count)))
