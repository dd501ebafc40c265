"""What is to be looked up in an org, in the order it was wanted, and the thread that does it.

The thread is there only while something is to be looked up: an idle org has none, and no org has more than one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice, takewhile

LOOK_UP_SECONDS = 5.0
"""How long a batch waits for what is looked up; then it goes on without."""

MOST_WAITING = 20_000
"""Ids that wait to be looked up, about 100 bytes each. A batch of 4 MB has fewer; more gather only while an org is slow."""

MOST_AT_ONCE = 1_000
"""Ids looked up in one go, after which their answers are there: three queries, by the length of a URI."""

Key = tuple[str, str]
"""A kind and an id."""

LookUp = Callable[[str, Sequence[str]], None]
"""Ids of one kind, to be asked for. When it returns, what became known of them is where its callers look."""

Start = Callable[[Callable[[], None]], None]
Wait = Callable[[threading.Condition, Callable[[], bool], float], bool]
"""Until it holds, at most so many seconds; returns whether it does."""


def start_thread(work: Callable[[], None]) -> None:
    """`Start` as it is outside of tests. The interpreter does not wait at its end for a thread that waits for an org."""
    threading.Thread(target=work, name="look-ups", daemon=True).start()


class LookUpQueue:
    """Each id is asked for once, however many wait for it. Safe for threads."""

    def __init__(
        self,
        look_up: LookUp,
        *,
        start: Start = start_thread,
        wait: Wait = threading.Condition.wait_for,
        patience: float = LOOK_UP_SECONDS,
        most: int = MOST_WAITING,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`start`: runs work in a thread of its own. `patience`: seconds; `steady`: seconds that no clock setting moves."""
        self._look_up = look_up
        self._start = start
        self._wait = wait
        self.patience = patience
        self._most = most
        self._steady = steady
        self._changed = threading.Condition()
        self._waiting: dict[Key, None] = {}
        self._asked: frozenset[Key] = frozenset()
        self._running = False
        self._overdue = False
        self._closed = False
        self._fault: BaseException | None = None

    @property
    def overdue(self) -> bool:
        """Whether the org takes longer than anybody waits: from the moment that somebody gave up until it was quick once."""
        return self._overdue

    def wait_for(self, keys: Collection[Key]) -> int:
        """Have them looked up, and wait for that: at most `patience`, and not at all while the org is overdue.

        Returns how many found no room in the queue. Raises what the look-up raised, once, whoever it was for.
        """
        with self._changed:
            self._raise_fault()
            if self._closed:
                return 0
            crowded = self._add(keys)
            begins, self._running = not self._running, True
        if begins:
            self._begin()
        wanted = frozenset(keys)
        with self._changed:
            if not self._is_over(wanted) and not self._wait(
                self._changed, lambda: self._is_over(wanted), self.patience
            ):
                self._overdue = True
                self._changed.notify_all()
            self._raise_fault()
        return crowded

    def close(self) -> None:
        """Nobody waits any longer, and nothing more is looked up; what is being asked goes on until its session closes."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _add(self, keys: Collection[Key]) -> int:
        crowded = 0
        for key in keys:
            if key in self._waiting or key in self._asked:
                continue
            if len(self._waiting) < self._most:
                self._waiting[key] = None
            else:
                crowded += 1
        return crowded

    def _begin(self) -> None:
        # Outside of the lock: in a test it may do all the work before it returns.
        try:
            self._start(self._run)
        except BaseException:
            self._end(None)
            raise

    def _is_over(self, wanted: frozenset[Key]) -> bool:
        return self._closed or self._overdue or (wanted.isdisjoint(self._waiting) and wanted.isdisjoint(self._asked))

    def _run(self) -> None:
        try:
            while asked := self._next():
                begun = self._steady()
                self._look_up(asked[0][0], [id_ for _, id_ in asked])
                self._settle(is_quick=self._steady() - begun < self.patience)
        except BaseException as error:  # noqa: BLE001 - whoever looks something up next raises it: there somebody is told
            self._end(error)

    def _next(self) -> list[Key]:
        """The first of those that wait, of one kind. None of them ends the thread: under the lock, so that who adds one
        afterwards starts another.
        """
        with self._changed:
            first = next(iter(self._waiting), None)
            asked = list(islice(takewhile(lambda key: first and key[0] == first[0], self._waiting), MOST_AT_ONCE))
            for key in asked:
                del self._waiting[key]
            self._asked = frozenset(asked)
            self._running = bool(asked)
            return asked

    def _settle(self, is_quick: bool) -> None:
        with self._changed:
            self._asked = frozenset()
            if is_quick:
                self._overdue = False
            self._changed.notify_all()

    def _end(self, fault: BaseException | None) -> None:
        """Nothing that waits is asked for: whoever still wants it asks again."""
        with self._changed:
            self._fault = fault
            self._running = False
            self._asked = frozenset()
            self._waiting.clear()
            self._changed.notify_all()

    def _raise_fault(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault
