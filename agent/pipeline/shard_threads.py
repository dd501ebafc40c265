"""Work that shards have now and then, each in a thread of its own while it has any: what hangs in one holds up no other's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShardWork:
    """What is to be done for one shard."""

    is_due: Callable[[], bool]
    """Whether there may be anything; costs next to nothing while there is not."""
    run: Callable[[], object]


class ShardThreads:
    """`run` is the work of a thread."""

    def __init__(
        self, name: str, works: Mapping[str, ShardWork], stop: threading.Event, wait: Callable[[], object]
    ) -> None:
        """`name`: of the work; its threads are called by it and the shard. `works`: by the name of the shard. `stop`: the
        process's; set here when work raises, for whoever still waits for an org then must not hold up the end. `wait`:
        until it is time to look again.
        """
        self._name = name
        self.works = works
        """Another mapping may be put here at any time; work in hand goes on, and the shard's next waits for it."""
        self._stop = stop
        self._wait = wait
        self._threads: dict[str, threading.Thread] = {}
        self._error: BaseException | None = None

    def run(self) -> None:
        """Until the stop event. Raises what any work raises: it expects everything that a shard can do."""
        while not self._stop.is_set():
            for shard, work in self.works.items():
                running = self._threads.get(shard)
                if work.is_due() and (running is None or not running.is_alive()):
                    name = f"{self._name} {shard}".rstrip()
                    thread = threading.Thread(target=self._work, args=(work,), name=name)
                    self._threads[shard] = thread
                    thread.start()
            self._wait()
        for thread in self._threads.values():
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self, work: ShardWork) -> None:
        try:
            work.run()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`, which ends the process
            self._error = error
            self._stop.set()
