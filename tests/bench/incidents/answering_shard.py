"""A shard on a state of its own, which answers alerts with incidents and a trail, or does not answer them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.batch_steps import no_record, no_response
from agent.config.settings import parse
from agent.model import Batch, Cursor
from agent.trail.shard_trail import ShardTrail
from tests.bench.bench_settings import document_for
from tests.bench.incidents.alerting_rows import FOLD

NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"]}


@dataclass
class OneBatch:
    """A source that has one batch."""

    batch: Batch
    name: str = "bench/event_log_file"

    def read(self, _after: Cursor | None) -> Iterator[Batch]:
        yield self.batch


class AnsweringShard:
    """Nothing runs by itself: batches are taken one at a time."""

    def __init__(
        self, folder: Path, inputs: Path, now: Callable[[], datetime], *, answers: bool = True, shipped: bool = False
    ) -> None:
        """`inputs`: see `write_inputs`; `answers`: with incidents and their trail; `shipped`: with the rules that come
        with Leakline as well.
        """
        folder.mkdir()
        self._node = build_node(parse(_document(folder, inputs, shipped=shipped)), now=now, stop=StopEvent())
        assert not self._node.problems, self._node.problems
        self._shard = self._node.shards["bench"]
        self._trail = ShardTrail(self._shard.stores.state)
        if not answers:
            steps = self._shard.steps(self._node.processing)
            self._shard.ingest.replace_steps(replace(steps, respond=no_response, record=no_record))
        self.spent = 0.0
        """Core-seconds of all that was taken and filed."""

    def take(self, batch: Batch) -> None:
        """The whole way of the batch into the spool."""
        began = time.process_time()
        self._shard.ingest.read(OneBatch(batch))
        self.spent += time.process_time() - began

    def file(self) -> None:
        """Records of the trail go from the state into its files, as the trail's loop does it."""
        began = time.process_time()
        self._trail.follow()
        self.spent += time.process_time() - began

    def forget(self) -> None:
        """What the shard knows of incidents in memory."""
        self._shard.incidents.forget()

    @property
    def incidents(self) -> int:
        return len(self._shard.incidents.open_ids())

    @property
    def records(self) -> int:
        return self._trail.head().size

    @property
    def told(self) -> int:
        """Alerts and what was said of incidents, in the spool."""
        spool = self._shard.stores.spool
        return spool.stored_rows("alerts", spool.start("alerts"))

    def close(self) -> None:
        self._node.close()


def _document(folder: Path, inputs: Path, *, shipped: bool) -> dict[str, Any]:
    document = document_for(folder, inputs)
    return document | {"rules": {**document["rules"], "shipped": shipped, "fold": FOLD}, "notice": NOTICE}
