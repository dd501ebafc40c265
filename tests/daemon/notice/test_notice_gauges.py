"""What metrics say of incidents."""

from pathlib import Path

from agent import metrics
from agent.daemon.notice.notice_gauges import EVERY, NoticeGauges
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.life import Life


def test_open_incidents_and_the_next_deadline_are_metrics(tmp_path: Path) -> None:
    """They are counted when something has changed, once a minute at most; what there was goes to 0 and does not vanish."""
    life, seconds = Life(tmp_path / "state", NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])), [0.0]
    gauges = NoticeGauges(
        lambda: {"acme": life.state}, lambda: {"acme": life.book}, lambda: life.now, lambda: seconds[0]
    )
    gauges.look()
    metrics.NEXT_DEADLINE.set(7)
    life.open()
    life.look()
    gauges.look()
    assert metrics.NEXT_DEADLINE._value.get() == 7, "a minute has not passed"
    seconds[0] += EVERY
    gauges.look()
    open_ones, due = metrics.INCIDENTS_OPEN.labels("triage", "high"), life.clock("eu-gdpr-33/sa").next_due
    assert due is not None
    assert (open_ones._value.get(), metrics.NEXT_DEADLINE._value.get()) == (1, due.timestamp())
    life.decide("not-a-breach", "a test of the backup")
    seconds[0] += EVERY
    gauges.look()
    assert (open_ones._value.get(), metrics.NEXT_DEADLINE._value.get()) == (0, 0)
    life.close()
