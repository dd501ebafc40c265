"""What waits to be sent comes again in growing intervals until it is taken or too old, and each end is written down once."""

import json
from itertools import pairwise
from pathlib import Path

from agent.simulator.outbound_messages.message_queue import LONGEST_INTERVAL, MOST_TOGETHER, MessageQueue
from agent.simulator.outbound_messages.workflow import workflow_of

HOUR = 3_600_000
DAY = 24 * HOUR
INVOICE, FAILURE = workflow_of("Invoice__c"), workflow_of("Integration_Error__c")


def ends(queue: MessageQueue) -> list[tuple[str, str, int]]:
    lines = queue.truth.read_text().splitlines() if queue.truth.exists() else []
    return [(line["id"], line["end"], line["attempts"]) for line in map(json.loads, lines)]


def test_intervals_double_up_to_two_hours_and_a_day_ends_them(tmp_path: Path) -> None:
    """A message that nobody takes is tried ever more seldom, and dropped after 24 hours."""
    queue = MessageQueue(tmp_path / "truth", DAY)
    id_ = queue.add(INVOICE, "a0B", 0)
    tries = []
    for now in range(0, DAY + HOUR, 1_000):
        if message := queue.due(now):
            tries.append(now)
            queue.fail(message, now)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps[:4] == [15_000, 30_000, 60_000, 120_000]
    assert max(gaps) == LONGEST_INTERVAL
    assert (len(queue), queue.dropped, ends(queue)) == (0, 1, [(id_, "dropped", len(tries))])


def test_a_message_has_a_hundred_notifications_of_one_workflow(tmp_path: Path) -> None:
    """More wait for the next message, and so do those of another action; none is lost."""
    queue = MessageQueue(tmp_path / "truth", DAY)
    ids = {queue.add(workflow, "a0B", 0) for workflow in (INVOICE, FAILURE) for _ in range(150)}
    sizes = []
    while message := queue.due(0):
        assert len({waiting.workflow for waiting in message}) == 1
        sizes.append(len(message))
        queue.acknowledge(message, 0)
    assert sorted(sizes) == [50, 50, MOST_TOGETHER, MOST_TOGETHER]
    assert {id_ for id_, end, attempts in ends(queue) if (end, attempts) == ("acknowledged", 1)} == ids


def test_one_that_fails_does_not_hold_up_another(tmp_path: Path) -> None:
    """A later notification is sent while an earlier one waits for its next try: order is not kept."""
    queue = MessageQueue(tmp_path / "truth", DAY)
    queue.add(INVOICE, "a0B1", 0)
    queue.fail(queue.due(0), 0)
    queue.add(INVOICE, "a0B2", 1)
    assert [waiting.record for waiting in queue.due(1)] == ["a0B2"]
