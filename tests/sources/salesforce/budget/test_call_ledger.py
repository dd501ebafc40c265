"""What is counted of our own calls, and what is made of it."""

from __future__ import annotations

import pytest

from agent.sources.salesforce.budget.call_ledger import HOUR, MOST_CALLERS, CallLedger, decode
from agent.sources.salesforce.budget.usage import Usage, usage_of

NOON = 500_000 * HOUR
LIVE, PAST = ("acme/login_history", "live"), ("acme/login_history", "backfill")


def test_calls_count_for_a_day_and_not_for_two() -> None:
    """A call counts for 24 hours at least, and for 25 at most."""
    ledger = CallLedger()
    ledger.add(LIVE, NOON + 1)
    assert ledger.total(NOON + 24 * HOUR) == 1
    assert ledger.total(NOON + 25 * HOUR) == 0


def test_what_leaves_is_foreseen_hour_by_hour() -> None:
    """By each hour ahead, as many calls have left as an obvious count says that do not count any more then."""
    ledger = CallLedger()
    for hour in range(20):
        for _ in range(hour + 1):
            ledger.add(LIVE if hour % 2 else PAST, NOON + hour * HOUR)
    now = NOON + 19 * HOUR
    for ahead, gone in enumerate(ledger.leaving(now)[:-1]):
        later, _ = decode(ledger.encode(Usage(0, 0)))
        assert later.total(now + ahead * HOUR) == 210 - gone
    assert ledger.leaving(now)[-1] == 210
    assert ledger.leaving(now, "backfill")[-1] == sum(range(1, 20, 2))


def test_a_burst_does_not_change_what_is_usual() -> None:
    """An hour with a thousand times as many calls leaves the lower median where it was."""
    ledger = CallLedger()
    for hour in range(6):
        for _ in range(1_000 if hour == 3 else 2):
            ledger.add(LIVE, NOON + hour * HOUR)
    assert ledger.hourly([LIVE], NOON + 5 * HOUR) == 2
    assert ledger.hourly([PAST], NOON + 5 * HOUR) == 0


def test_growth_of_what_everybody_else_uses_is_seen_and_what_is_steady_is_not() -> None:
    """It is told apart from our own calls, which the org counts as well."""
    ledger = CallLedger()
    for hour in range(8):
        for _ in range(10):
            ledger.add(LIVE, NOON + hour * HOUR)
        ledger.note(Usage(1_000 + 10 * (hour + 1), 5_000), NOON + hour * HOUR)
    assert ledger.growth(NOON + 7 * HOUR) == 0
    for hour in range(8, 15):
        ledger.note(Usage(1_080 + 100 * (hour - 7), 5_000), NOON + hour * HOUR)
    assert ledger.growth(NOON + 14 * HOUR) == 100


def test_the_number_of_callers_has_a_bound() -> None:
    """Beyond it calls are counted together, and none is forgotten."""
    ledger = CallLedger()
    for number in range(MOST_CALLERS + 100):
        ledger.add((f"acme/object/Thing{number}__c", "live"), NOON)
    assert len(ledger.by_caller(NOON)) == MOST_CALLERS + 1
    assert ledger.total(NOON) == MOST_CALLERS + 100


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"used":1,"limit":2,"hours":{"x":[]},"foreign":{}}', b"\xff"])
def test_what_is_no_ledger_is_told_as_that(data: bytes) -> None:
    """It is a ValueError, whatever stands there."""
    with pytest.raises(ValueError, match=r".+"):
        decode(data)


@pytest.mark.parametrize("text", ["", "api-usage=", "api-usage=x/y", "api-usage=1/", "api-usage=9999999999999/1"])
def test_a_header_that_says_nothing_is_left_alone(text: str) -> None:
    """Only a count of each of both is taken."""
    assert usage_of({"Sforce-Limit-Info": text}) is None
    assert usage_of({"Sforce-Limit-Info": "api-usage=3/15000; per-app-api-usage=1/5(appName=x)"}) == (3, 15_000)
