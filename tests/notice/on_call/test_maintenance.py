"""A maintenance window is bounded, and holds nothing back after its time."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.notice.maintenance import window
from agent.notice.maintenance.window import MaintenanceRefused, MaintenanceWindow

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened(hours: float, last: MaintenanceWindow | None = None, now: datetime = NOW) -> MaintenanceWindow:
    return window.opened(last, hours * HOUR, 4 * HOUR, reason="upgrade", by="eva", now=now)


def stored(of: MaintenanceWindow) -> window.Stored:
    return {window.WINDOW: window.encode(of)}.get


def test_a_window_is_open_until_its_end() -> None:
    """To the instant, whether or not its end was recorded."""
    recall = stored(opened(2))
    times = [NOW, NOW + 1.99 * HOUR, NOW + 2 * HOUR, NOW + 9 * HOUR]
    assert [window.open_until(recall, at) for at in times] == [NOW + 2 * HOUR, NOW + 2 * HOUR, None, None]


def test_a_window_that_lies_ahead_is_not_open() -> None:
    """Clocks were set back: nothing is held back for longer than was said."""
    assert window.open_until(stored(opened(2)), NOW - HOUR) is None
    assert opened(2).has_run_out(NOW - HOUR)


@pytest.mark.parametrize("hours", [0, -1, 4.001, 24 * 365])
def test_a_window_has_a_longest_span(hours: float) -> None:
    """That of the settings."""
    with pytest.raises(MaintenanceRefused, match="at most 4 h"):
        opened(hours)


def test_windows_do_not_overlap() -> None:
    """So nobody makes a long one of many; after its end there may be another."""
    first = opened(2)
    with pytest.raises(MaintenanceRefused, match="open until 2026-11-27 14:00 UTC"):
        opened(1, first, NOW + HOUR)
    assert opened(1, first, NOW + 2 * HOUR).ends == NOW + 3 * HOUR


def test_a_window_is_ended_once() -> None:
    """By a person, while it is open."""
    ended = window.ended(opened(2), NOW + HOUR)
    assert not ended.is_open(NOW + HOUR)
    assert not ended.has_run_out(NOW + 3 * HOUR), "its end is recorded"
    for last in (ended, None):
        with pytest.raises(MaintenanceRefused, match="no maintenance window is open"):
            window.ended(last, NOW + HOUR)


def test_a_damaged_window_holds_nothing_back() -> None:
    """It is as if there were none."""
    assert window.open_until({window.WINDOW: b"{"}.get, NOW) is None
