"""A sender hears success once its report is committed, and otherwise when to come again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agent.errors import NoRoom, PushError, Shutdown
from tests.sources.inbound.listening import PATIENCE, REPORT, listening, sender


def test_success_is_answered_after_the_commit(tmp_path: Path) -> None:
    """While the commit lasts there is no answer; what is committed is what was sent."""
    with listening(sender(tmp_path)) as there, ThreadPoolExecutor(1) as pool:
        committing, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            committing.set()
            go_on.wait(PATIENCE)

        there.before = hold
        answer = pool.submit(there.post)
        assert committing.wait(PATIENCE)
        assert not answer.done()
        go_on.set()
        assert (answer.result().status_code, answer.result().json()) == (200, {"reports": 1})
        batch = there.batches[0]
        assert (batch.event_type, batch.frame["object"].to_list()) == ("SyncFailure", ["Account"])


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (NoRoom("the spool is full", retry_after=29.2), 429, "30"),
        (NoRoom("the disk is full"), 429, "10"),
        (Shutdown("about to end", retry_after=0.2), 503, "1"),
        (PushError("a step failed"), 503, "10"),
    ],
)
def test_what_is_not_committed_is_to_be_sent_again(
    tmp_path: Path, error: PushError, status: int, retry_after: str
) -> None:
    """The status says why, and Retry-After when, in whole seconds; then it is taken."""
    with listening(sender(tmp_path)) as there:

        def fail() -> None:
            raise error

        there.before = fail
        answer = there.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (status, retry_after)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        there.before = lambda: None
        assert there.post().status_code == 200
        assert len(there.batches) == 1


def test_a_source_that_does_not_run_is_503(tmp_path: Path) -> None:
    """So it is before the start of the sources and after their stop; nothing is lost, for the sender keeps it."""
    with listening(sender(tmp_path), serves=False) as there:
        answer = there.post()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_org_that_is_not_there_is_503(tmp_path: Path) -> None:
    """Orgs may come and go while the listener stays."""
    with listening(sender(tmp_path, org="gone")) as there:
        assert there.post().status_code == 503


def test_a_commit_that_lasts_too_long_is_answered_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender is told to send it again with the same id; the report is committed all the same, and the next one is."""
    monkeypatch.setattr("agent.sources.inbound.serving.application.COMMIT_SECONDS", 0.05)
    with listening(sender(tmp_path)) as there:
        go_on = threading.Event()
        there.before = lambda: void(go_on.wait(PATIENCE))
        assert there.post().status_code == 503
        go_on.set()
        monkeypatch.setattr("agent.sources.inbound.serving.application.COMMIT_SECONDS", PATIENCE)
        assert there.post(document={**REPORT, "id": "2"}).status_code == 200
        assert len(there.batches) == 2


def test_whoever_comes_while_too_many_wait_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hears 503 and when to come again; those who wait get their answer, and then there is room again."""
    monkeypatch.setattr("agent.sources.inbound.serving.application.MOST_OF_AN_ORG", 1)
    with listening(sender(tmp_path)) as there, ThreadPoolExecutor(1) as waiting:
        committing, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            committing.set()
            go_on.wait(PATIENCE)

        there.before = hold
        first = waiting.submit(there.post)
        assert committing.wait(PATIENCE)
        refused = there.post(document={**REPORT, "id": "2"})
        go_on.set()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert first.result(PATIENCE).status_code == 200
        assert there.post(document={**REPORT, "id": "2"}).status_code == 200


def test_a_client_that_leaves_changes_nothing(tmp_path: Path) -> None:
    """Its report is committed, and the others go on."""
    with listening(sender(tmp_path)) as there:
        committing, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            committing.set()
            go_on.wait(PATIENCE)

        there.before = hold
        with there.connect() as connection:
            body = b'{"type":"heartbeat","id":"h","time":"2026-07-01T09:59:59Z","integration":"nightly"}'
            head = "POST /v1/reports/middleware HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            from tests.sources.inbound.listening import TOKEN

            head += f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            assert committing.wait(PATIENCE)
        there.before = lambda: None
        go_on.set()
        assert there.post().status_code == 200
        assert [batch.event_type for batch in there.batches] == ["Heartbeat", "SyncFailure"]


def test_a_report_that_comes_again_has_the_same_event_id(tmp_path: Path) -> None:
    """By which the commit takes it once."""
    with listening(sender(tmp_path)) as there:
        assert {there.post().status_code for _ in range(2)} == {200}
        first, second = (batch.frame["event.id"].to_list() for batch in there.batches)
        assert first == second
        assert all(batch.once is not None for batch in there.batches)


def test_more_requests_in_a_second_than_allowed_are_429(tmp_path: Path) -> None:
    """Of one sender; another one of the same org goes on."""
    slow = sender(tmp_path, "slow", requests_per_second=1)
    with listening(slow, sender(tmp_path)) as there:
        answers = [there.post("slow", document={**REPORT, "id": str(number)}) for number in range(20)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert there.post().status_code == 200


def test_the_last_request_is_the_last_whatever_the_clock_says(tmp_path: Path) -> None:
    """A sender that was refused is well again with its next request, also where the clock was set back between."""
    with listening(sender(tmp_path)) as there:
        assert there.post(document={}).status_code == 422
        assert [feed.state for feed in there.senders.feeds("acme")] == ["refused"]
        there.now -= timedelta(hours=1)
        assert there.post().status_code == 200
        assert [feed.state for feed in there.senders.feeds("acme")] == ["streaming"]
        there.now -= timedelta(hours=1)
        assert there.post(document={}).status_code == 422
        assert [feed.state for feed in there.senders.feeds("acme")] == ["refused"]


def test_a_connection_carries_many_requests(tmp_path: Path) -> None:
    """As a sender with a pool has them."""
    with listening(sender(tmp_path)) as there, httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"{there.url}/openapi.json").status_code == 200
        assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined]


def void(_: object) -> None:
    """A callable that gives nothing."""
