"""What benchmarks use of `agent`, in a tree of now and at the commit efdda46, where it has other names.

Everything is imported by name: this file is read in both trees, and each knows one half of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

IS_NOW = find_spec("agent.assembly") is not None


def _of(now: str, before: str) -> Any:
    """`module:name` in the tree that this process runs."""
    module, _, name = (now if IS_NOW else before).partition(":")
    return getattr(import_module(module), name)


def detection() -> tuple[Any, Any, Any, Any]:
    """`Detector`, `RuleSet`, `load` and the log source of log files."""
    log_source = _of("agent.detection.sigma.log_source:LogSource", "agent.detection.rule:LogSource")
    return (
        _of("agent.detection.detector:Detector", "agent.detection.detector:Detector"),
        _of("agent.detection.rule_set:RuleSet", "agent.detection.rule:RuleSet"),
        _of("agent.detection.load:load", "agent.detection.load:load"),
        log_source("salesforce", "event_log_file"),
    )


def prepared(kind: str, rows: Any) -> Any:
    """Rows of a log file of this kind with the columns that mappings compute; at efdda46 rules did not ask for them."""
    if not IS_NOW:
        return rows
    from agent.model import Batch

    return _normalizer().prepare(Batch("00D5g000000AbCdEAK", "event_log_file", kind, rows))


@cache
def _normalizer() -> Any:
    from agent.normalize.mapping.load import load_mappings
    from agent.normalize.shape import Normalizer
    from agent.shipped import shipped

    return Normalizer(load_mappings([shipped("mappings")])[0])


def engines(detector: Any) -> tuple[Any, Any]:
    """Its correlations and its baselines."""
    if IS_NOW:
        return detector.correlation_engine, detector.baseline_engine
    return detector.correlating, detector.baselining


def open_state(folder: Path) -> Any:
    """A state directory, of which `close`, `transact` and recalling are used."""
    return _of("tests.store.one_shard:OneShard", "agent.state:State")(folder)


def recall_of(state: Any, prefix: str) -> Callable[[str], bytes | None]:
    recall: Callable[[str], bytes | None] = _of("agent.store.state:StateRecall", "agent.state:StateRecall")(
        state, prefix
    )
    return recall


class Way:
    """From the source of one org to destinations; nothing runs by itself."""

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        directory: Any = None,
    ) -> None:
        """`document`: settings; `directory`: answers who is behind ids, in place of asking the org."""
        settings = _of("agent.config.settings:parse", "agent.config:parse")(document)
        self.ingest: Any
        self.forwards: Sequence[Any]
        self.rules: Any
        self.problems: Sequence[Any]
        self.close: Callable[[], None]
        self._spool: Any
        if IS_NOW:
            self._build_now(settings, now, stop, directory)
        else:
            self._build_before(settings, now, stop, directory)

    def _build_now(self, settings: Any, now: Callable[[], datetime], stop: threading.Event, directory: Any) -> None:
        from agent.assembly.delivery_loops import build_delivery_loops
        from agent.assembly.node import build_node
        from agent.assembly.shard import StopEvent

        node = build_node(settings, now=now, stop=StopEvent())  # nothing runs by itself that would have to be stopped
        shard = node.shards[settings.orgs[0].name]
        if directory is not None:
            shard.ingest.replace_steps(replace(shard, directory=directory).steps(node.processing))
        self.ingest, self.forwards = shard.ingest, build_delivery_loops(node, settings, now=now, stop=stop).forwards
        self.rules, self.problems = node.processing.rules, node.problems
        self.close, self._spool = node.close, shard.stores.spool

    def _build_before(self, settings: Any, now: Callable[[], datetime], stop: threading.Event, directory: Any) -> None:
        build, forward = import_module("agent.build"), import_module("agent.forward")
        parts = build.build(settings, now=now, stop=stop)
        if directory is not None:
            recall = recall_of(parts.state, "memory/detection/")
            parts.ingest.replace_steps(build.build_processing(settings, lambda _: directory, recall).steps)
        lines = forward.SharedLines(keep=2 if len(parts.destinations) > 1 else 0)
        self.ingest = parts.ingest
        self.forwards = [
            forward.Forward(destination, parts.state, parts.spool, parts.dead_letters, lines, now=now, stop=stop)
            for destination in parts.destinations
        ]
        self.rules, self.problems = parts.processing.rules, parts.problems
        self.close, self._spool = parts.state.close, parts.spool

    def commits(self) -> int:
        """Batch files of events so far."""
        end = self._spool.end("events")
        return int(getattr(end, "sequence", end))


identify: Callable[..., Any] = _of("agent.normalize.row_identity:identify", "agent.normalize.identity:identify")
occurrences: Callable[[], Any] = _of("agent.normalize.row_identity:Occurrences", "agent.normalize.identity:Occurrences")
batches_of: Callable[..., Any] = _of("agent.hunt.log_files:batches", "agent.normalize_files:batches")
"""A log file as the batches that the daemon would make of it."""
set_up: Callable[[], None] = _of("agent.cli.memory_tuning:set_up", "agent.malloc:set_up")
"""Settings of memory, as the command line makes them."""
