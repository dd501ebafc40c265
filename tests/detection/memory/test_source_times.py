"""How far log sources are: they only go on, each org's by itself, the same after a restart."""

from __future__ import annotations

from agent.detection.memory.source_times import KEY, SourceTime, SourceTimes, recalled, watermark
from agent.detection.sigma.log_source import LogSource

FILES, LOGINS = LogSource("salesforce", "event_log_file"), LogSource("salesforce", "login_history")


def test_late_rows_move_nothing_back() -> None:
    """But something was seen of the source."""
    times = SourceTimes().noting("a", FILES, 100, 1).noting("a", FILES, 50, 2)
    assert times.of("a") == {FILES: SourceTime(100, 2)}


def test_an_org_is_by_itself() -> None:
    """Nothing came of the other one."""
    times = SourceTimes().noting("a", FILES, 100, 1)
    assert times.of("b") == {}
    assert SourceTimes().of("a") == {}


def test_the_slowest_source_decides() -> None:
    """Each with what it may be late; one that does not matter is not asked."""
    late: dict[LogSource, int | None] = {FILES: 30, LOGINS: 6}
    times = SourceTimes().noting("a", FILES, 100, 1).noting("a", LOGINS, 90, 1)
    assert watermark(times.of("a"), late.__getitem__) == 70
    assert watermark(times.of("a"), {FILES: None, LOGINS: 6}.__getitem__) == 84
    assert watermark(times.of("a"), lambda _: None) is None


def test_what_is_read_back_is_what_was_there() -> None:
    """Sources without a product or service too."""
    times = SourceTimes().noting("a", FILES, 100, 1).noting("", LogSource(), 5, 0).noting("a", LOGINS, -7, 3)
    assert recalled({KEY: times.stored()}.get) == times
    assert recalled(lambda _: None) == SourceTimes()
