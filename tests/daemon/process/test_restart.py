"""A restart in place: asked for, begun a moment later, and not begun where the daemon ends for another reason."""

from __future__ import annotations

from agent.daemon.process.restart import AFTER, AGAIN_AFTER, Restart


class Seconds:
    """A steady clock that is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_begins_once_whoever_asked_has_the_answer() -> None:
    """A second one asks for nothing more."""
    seconds = Seconds()
    restart = Restart(seconds)
    assert not restart.begins()
    restart.ask("CH-2026-0001 is in force")
    seconds.now += AFTER / 2
    restart.ask("CH-2026-0002 is in force")
    assert not restart.begins()
    seconds.now += AFTER / 2
    assert restart.begins()
    assert "CH-2026-0002" in restart.reason


def test_a_daemon_that_ends_before_does_not_begin_again() -> None:
    """A signal within that moment ends it: what is in force is in the state, and counts at the next start."""
    seconds = Seconds()
    restart = Restart(seconds)
    restart.ask("CH-2026-0001 is in force")
    seconds.now += AFTER * 2
    assert not restart.has_begun


def test_what_a_start_would_fail_of_is_waited_for() -> None:
    """A daemon that runs with the settings before is better than none; it is tried again each minute."""
    seconds, reasons = Seconds(), ["the file does not load", ""]
    restart = Restart(seconds, lambda: reasons.pop(0))
    restart.ask("CH-2026-0001 is in force")
    seconds.now += AFTER
    assert not restart.begins()
    seconds.now += AGAIN_AFTER - 1
    assert not restart.begins()
    assert len(reasons) == 1
    seconds.now += 1
    assert restart.begins()
    assert restart.begins()
