"""Canaries go out at their times, and the heartbeat only while nothing is behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from agent.daemon.sending.canary_loop import CANARIES, CanaryLoop
from agent.daemon.sending.heartbeat_loop import HeartbeatLoop
from agent.notice.arrangements.self_watch import CanarySettings, HeartbeatSettings
from agent.notice.escalation.audit import behind
from agent.notice.escalation.escalation import TIMERS
from agent.notice.incidents.book import ESCALATE
from agent.notice.messages import outbox
from tests.daemon.sending.scripted_channel import SendingLife
from tests.notice.escalation.called import HOUR, MINUTE


def canaries(life: SendingLife) -> CanaryLoop:
    settings = CanarySettings(every=15 * MINUTE, channels=["mail", "hook"])
    return CanaryLoop(settings, lambda: life.desk, Event(), lambda: life.now)


def test_a_canary_goes_over_each_channel_at_each_of_its_times(life: SendingLife) -> None:
    """Also after a restart between them."""
    loop = canaries(life)
    for minute in range(60):
        if minute % 20 == 19:
            life.restart()
            loop = canaries(life)
        loop.turn()
        life.send_all()
        life.now += MINUTE
    times = [message.due for message, _ in life.channels["mail"].sent]
    assert len(times) == len(set(times)) == 4
    assert len(set(life.channels["mail"].ids + life.channels["hook"].ids)) == 8
    assert life.recorded("message-accepted") == 0


def test_after_a_pause_the_newest_canary_alone_is_made(life: SendingLife) -> None:
    """It is late, and says for which time it is."""
    loop = canaries(life)
    loop.turn()
    life.send_all("mail")
    life.now += 6 * HOUR + 7 * MINUTE
    assert loop.turn()
    assert not loop.turn()
    life.send_all("mail")
    assert len(life.channels["mail"].sent) == 2


def test_a_short_pause_is_made_up_for(life: SendingLife) -> None:
    """By the canaries of the last minute, for whose times a message would have been late by as much."""
    settings = CanarySettings(every=timedelta(seconds=10), channels=["mail"])
    loop = CanaryLoop(settings, lambda: life.desk, Event(), lambda: life.now)
    loop.turn()
    for pause, made in ((35, 3), (5, 1), (200, 7)):
        before = len(list(life.all_messages()))
        life.restart()
        life.now += timedelta(seconds=pause)
        loop = CanaryLoop(settings, lambda: life.desk, Event(), lambda: life.now)
        assert loop.turn()
        assert not loop.turn()
        assert len(list(life.all_messages())) - before == made


def test_old_canaries_are_forgotten(life: SendingLife) -> None:
    """After an hour; also those that nobody accepted."""
    loop = canaries(life)
    for _ in range(40):
        loop.turn()
        life.now += 15 * MINUTE
    assert 8 <= len(list(life.all_messages())) <= 12


def test_a_damaged_canary_ends_no_further_one(life: SendingLife) -> None:
    """It is cleared away like the others."""
    loop = canaries(life)
    loop.turn()
    (damaged, _) = (message.id for message in life.all_messages())
    with life.desk.changing() as change:
        change.apply({outbox.MESSAGE + damaged: b"{"})
    life.now += 2 * HOUR
    assert loop.turn()
    assert not any(key.endswith(damaged) for key in life.desk.recall.keys(CANARIES.prefix))


@contextmanager
def monitor(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A monitor outside; yields its address and what came."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ping/secret-uuid", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def heartbeats(life: SendingLife, url: str, found: list[str]) -> HeartbeatLoop:
    return HeartbeatLoop(
        HeartbeatSettings(url=url, every=timedelta(seconds=60)),
        lambda: found,
        life.problems,
        Event(),
        lambda: life.now,
        lambda: life.steady,
    )


def test_the_monitor_hears_nothing_while_something_is_behind(life: SendingLife) -> None:
    """And it is a problem meanwhile, with what is behind."""
    found: list[str] = []
    with monitor() as (url, heard):
        loop = heartbeats(life, url, found)
        assert loop.turn()
        assert not loop.turn()
        life.steady += 60
        found.append("inc-1 was to be looked at 90 s ago")
        assert not loop.turn()
        life.steady += 5
        assert not loop.turn()
        assert [problem.kind for problem in life.problems.open()] == ["escalation-behind"]
        life.steady += 60
        found.clear()
        assert loop.turn()
    assert heard == ["/ping/secret-uuid"] * 2
    assert life.problems.open() == []
    assert loop.sent_at == life.now


def test_what_is_made_up_for_at_once_after_a_restart_is_no_problem(life: SendingLife) -> None:
    """The heartbeat is a few seconds later then, and not a whole time."""
    found = ["inc-1 was to be looked at 7200 s ago"]
    with monitor() as (url, heard):
        loop = heartbeats(life, url, found)
        assert not loop.turn()
        assert heard == []
        assert life.problems.open() == []
        found.clear()
        life.steady += 5
        assert loop.turn()
    assert len(heard) == 1


def test_a_monitor_that_refuses_is_a_problem_without_its_path(life: SendingLife) -> None:
    """Paths of monitors are what lets anybody send heartbeats."""
    with monitor(503) as (url, _):
        loop = heartbeats(life, url, [])
        assert not loop.turn()
    problem = life.problems.open()[0]
    assert problem.kind == "heartbeat-failed"
    assert "503" in problem.message
    assert "secret-uuid" not in problem.message
    life.steady += 60
    assert not loop.turn()
    assert "secret-uuid" not in life.problems.open()[0].message


def found_behind(life: SendingLife, now_later: timedelta = timedelta(0)) -> list[str]:
    assert life.settings is not None
    return list(behind(life.recall, "acme", life.settings, life.now + now_later, ["mail", "hook"]))


def test_the_audit_finds_what_is_not_looked_at_in_time(life: SendingLife) -> None:
    """A step, a message that nobody tries, and an incident without any step."""
    life.open()
    life.look()
    assert found_behind(life) == []
    later = found_behind(life, 17 * MINUTE)
    assert any("inc-1 was to be looked at" in sentence for sentence in later)
    assert sum("waits for" in sentence for sentence in later) == 2
    with life.desk.changing() as change:
        change.apply(dict.fromkeys([*life.recall.keys(TIMERS.prefix), *life.recall.keys(ESCALATE)]))
    assert any("no step of its escalation is planned" in sentence for sentence in found_behind(life))


def test_the_audit_finds_an_incident_that_nobody_looks_at(life: SendingLife) -> None:
    """The loop is stuck, or cannot write."""
    life.open()
    assert found_behind(life) == []
    assert found_behind(life, 2 * MINUTE) == ["inc-1 waits for its first step since 120 s"]
    life.look()
    assert found_behind(life, 2 * MINUTE) == []


def test_the_audit_is_content_with_what_waits_for_nobody(life: SendingLife) -> None:
    """An acknowledged incident has its lease, an ended one nothing."""
    life.open()
    life.look()
    life.send_all()
    life.acknowledge()
    life.look()
    assert found_behind(life) == []
    life.decide("not-a-breach")
    life.look()
    assert [sentence for sentence in found_behind(life, 100 * HOUR) if "the clocks of" not in sentence] == []
