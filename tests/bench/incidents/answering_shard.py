"""A shard on a state of its own, which answers alerts with incidents and a trail, or does not answer them."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.assembly.delivery_loops import build_delivery_loops
from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.batch_steps import no_record, no_response
from agent.config.settings import parse
from agent.model import Batch, Cursor
from agent.notice.incidents.book import link_key
from agent.trail.shard_trail import ShardTrail
from tests.bench.bench_settings import document_for
from tests.bench.beside import agent_names
from tests.bench.incidents.alerting_rows import FOLD

NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"]}


@dataclass
class OneFile:
    """A source that has one log file."""

    path: Path
    name: str = "bench/event_log_file"

    def read(self, after: Cursor | None) -> Generator[Batch]:
        for number, batch in enumerate(agent_names.batches_of(self.path)):
            yield replace(batch, cursor=Cursor(f"{self.path.name} {number}"))


class AnsweringShard:
    """Nothing runs by itself: log files are taken one at a time."""

    def __init__(
        self, folder: Path, inputs: Path, now: Callable[[], datetime], *, answers: bool = True, shipped: bool = False
    ) -> None:
        """`inputs`: see `write_inputs`; `answers`: with incidents and their trail; `shipped`: with the rules that come
        with Leakline as well.
        """
        folder.mkdir()
        settings = parse(_document(folder, inputs, shipped=shipped))
        self._node = build_node(settings, now=now, stop=StopEvent())
        assert not self._node.problems, self._node.problems
        self._shard = self._node.shards["bench"]
        self._out = folder / "out"
        self._trail = ShardTrail(self._shard.stores.state)
        self._forwards = build_delivery_loops(self._node, settings, now=now, stop=threading.Event()).forwards
        if not answers:
            steps = self._shard.steps(self._node.processing)
            self._shard.ingest.replace_steps(replace(steps, respond=no_response, record=no_record))
        self.spent: Counter[str] = Counter()
        """Core-seconds: `ingest`, from the log file into the spool, with the trail's records in its files; `delivery`."""

    def take(self, path: Path) -> None:
        """A log file goes the whole way, to the file destination."""
        with self._stage("ingest"):
            self._shard.ingest.read(OneFile(path))
        with self._stage("delivery"):
            for forward in self._forwards:
                while forward.forward():
                    pass

    def file(self) -> None:
        """Records of the trail go from the state into its files, as the trail's loop does it."""
        with self._stage("ingest"):
            self._trail.follow()

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[name] += time.process_time() - began  # type: ignore[assignment]

    def kept(self) -> float:
        """MB of memory that all incidents and links take, once they were read, as far as the shard keeps them."""
        book = self._shard.incidents
        book.forget()
        tracemalloc.start()
        for number in book.ids():
            incident = book.incident(number)
            assert incident is not None
            for link in incident.links:
                book.entries(link_key(incident.origin, link))
            del incident
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return kept / 1e6

    @property
    def incidents(self) -> int:
        return len(self._shard.incidents.open_ids())

    @property
    def records(self) -> int:
        return self._trail.head().size

    @property
    def told(self) -> int:
        """Alerts and what was said of incidents, as the destination has them."""
        return sum(path.read_bytes().count(b"\n") for path in self._out.glob("alerts*"))

    def close(self) -> None:
        self._node.close()


def _document(folder: Path, inputs: Path, *, shipped: bool) -> dict[str, Any]:
    document = document_for(folder, inputs)
    return document | {"rules": {**document["rules"], "shipped": shipped, "fold": FOLD}, "notice": NOTICE}
