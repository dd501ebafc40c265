"""What ends on the threads of sources is heard on the listener's, for each request its own end."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from agent.errors import NoRoom
from agent.sources.inbound.serving import commit_answers
from agent.sources.inbound.serving.commit_answers import CommitAnswers

PATIENCE = 300.0


def test_each_request_hears_its_own_end() -> None:
    """Commits that end on several threads at once answer all who wait, those that failed with their reason."""
    commits = [Future[None]() for _ in range(300)]
    refused = NoRoom("full")

    def end(part: list[Future[None]]) -> None:
        for number, commit in enumerate(part):
            if number % 3:
                commit.set_result(None)
            else:
                commit.set_exception(refused)

    async def wait_for_all() -> list[BaseException | None]:
        answers = CommitAnswers()
        waiting = asyncio.gather(*(answers.of(commit, PATIENCE) for commit in commits), return_exceptions=True)
        await asyncio.sleep(0)  # all of them wait now
        threads = [threading.Thread(target=end, args=(commits[place::3],)) for place in range(3)]
        for thread in threads:
            thread.start()
        return await waiting

    heard = asyncio.run(wait_for_all())
    assert heard == [None if number // 3 % 3 else refused for number in range(300)]


def test_nobody_waits_longer_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that does not end in time is given up by its request alone; its late end disturbs nobody."""
    monkeypatch.setattr(commit_answers, "LOOK_SECONDS", 0.01)
    slow, following = Future[None](), Future[None]()

    async def wait() -> None:
        answers = CommitAnswers()
        with pytest.raises(TimeoutError):
            await answers.of(slow, 0.0)
        slow.set_result(None)
        waiting = asyncio.ensure_future(answers.of(following, PATIENCE))
        await asyncio.sleep(0)
        following.set_result(None)
        await waiting

    asyncio.run(wait())


def test_what_has_ended_already_is_answered_at_once() -> None:
    """Such as a refusal for want of room."""
    refused: Future[None] = Future()
    refused.set_exception(NoRoom("full"))
    with pytest.raises(NoRoom):
        asyncio.run(CommitAnswers().of(refused, PATIENCE))


def test_a_listener_that_is_opened_again_answers_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the one before it left behind: a request that nobody waits for any more, an end that nobody heard."""
    monkeypatch.setattr(commit_answers, "LOOK_SECONDS", 0.01)
    answers = CommitAnswers()
    left, following, slow = Future[None](), Future[None](), Future[None]()

    async def end() -> None:
        waiting = asyncio.ensure_future(answers.of(left, PATIENCE))
        await asyncio.sleep(0)
        left.set_result(None)
        waiting.cancel()

    async def begin() -> None:
        waiting = asyncio.ensure_future(answers.of(following, PATIENCE))
        await asyncio.sleep(0)
        following.set_result(None)
        await asyncio.wait_for(waiting, PATIENCE / 10)
        with pytest.raises(TimeoutError):
            await answers.of(slow, 0.0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(loop.create_task(end()))
    loop.close()
    asyncio.run(asyncio.wait_for(begin(), PATIENCE / 5))
