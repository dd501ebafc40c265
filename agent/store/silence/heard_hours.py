"""In which hours of the last eight weeks a feed spoke, and what is usual for it.

Two sets of hours as bits: *watched*, those in which its source was read without a fault, and *heard*, those of them in
which rows came. An hour of the week (168) is *usual* for a feed that spoke in it in at least two of three weeks that were
watched, and in two at least. Only usual hours count as silence: nights and weekends of an office are none.

    hours ago   335 … 168                167 … 3      2   1   0
    watched      all                      all          1   1   1
    heard        Mon 8-18, …, Fri 8-18    Mon 8-18, …  0   0   0
    usual        as heard two weeks on end             1   1   (the hour that goes on is never judged)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson

WEEK = 168
"""Hours."""
KEPT = 8 * WEEK
"""Hours that are remembered: 336 bytes a feed as text, twice."""
TIMES = 3
"""So many times its longest own silence a feed must be silent to be missed."""
LEAST = 12
"""Usual hours for which a feed must be silent at least: more than the working hours of one holiday."""
WEEKS = 2
"""In which an hour of the week must have been heard to be usual."""
_ALL = (1 << KEPT) - 1


@dataclass(frozen=True, slots=True)
class Habit:
    """What a feed does, in usual hours."""

    missed: int
    """In a row, until now."""
    longest: int
    """The longest silence before that."""

    @property
    def is_broken(self) -> bool:
        """Whether it is silent for much longer than ever."""
        return self.missed >= max(LEAST, TIMES * self.longest)


@dataclass(frozen=True, slots=True)
class HeardHours:
    """Of one feed. Bit n of `heard` and `watched` is the hour that began n hours before `hour`."""

    hour: int
    """The newest one: hours since 1970, UTC."""
    heard: int = 0
    watched: int = 0
    rows: int = 0
    """Rows that had ever come when it was last looked at."""
    began: int = 0
    """The hour in which it was first looked at."""
    told: bool = False
    """Whether its present silence was told: once, for somebody may have acknowledged it since."""

    def at(self, hour: int, rows: int, *, watched: bool) -> HeardHours:
        """An hour later or in the same: more rows than before mean that it spoke. A clock that was set back adds nothing."""
        passed = max(0, hour - self.hour)
        heard, seen = (0, 0) if passed >= KEPT else ((self.heard << passed) & _ALL, (self.watched << passed) & _ALL)
        spoke = int(rows > self.rows)
        return replace(
            self,
            hour=self.hour + passed,
            heard=heard | spoke,
            watched=seen | spoke | int(watched),
            rows=rows,
            told=self.told and not spoke,
        )

    @property
    def silent_for(self) -> int | None:
        """Hours since it last spoke; None where it is not remembered that it ever did."""
        return (self.heard & -self.heard).bit_length() - 1 if self.heard else None

    def habit(self) -> Habit:
        """Judged by what came before the present silence, so that this does not become usual by lasting."""
        last = self.silent_for
        if last is None:
            return Habit(0, 0)
        usual = self._usual(last)
        longest = run = 0
        for ago in self._watched(KEPT - 1, last):
            if (self.hour - ago) % WEEK in usual:
                run = 0 if self.heard >> ago & 1 else run + 1
                longest = max(longest, run)
        # The hour that goes on (0 hours ago) may still speak.
        missed = sum((self.hour - ago) % WEEK in usual for ago in self._watched(last - 1, 1))
        return Habit(missed, longest)

    def _usual(self, last: int) -> frozenset[int]:
        """Hours of the week in which it speaks. `last`: how many hours ago it last did."""
        watched, heard = Counter[int](), Counter[int]()
        for ago in self._watched(KEPT - 1, last):
            slot = (self.hour - ago) % WEEK
            watched[slot] += 1
            heard[slot] += self.heard >> ago & 1
        return frozenset(slot for slot, times in heard.items() if times >= WEEKS and 3 * times >= 2 * watched[slot])

    def _watched(self, oldest: int, newest: int) -> Iterator[int]:
        """Hours ago, both ends included, the oldest first."""
        return (ago for ago in range(oldest, newest - 1, -1) if self.watched >> ago & 1)

    def encode(self) -> bytes:
        values = {"hour": self.hour, "rows": self.rows, "began": self.began, "told": self.told}
        return orjson.dumps({**values, "heard": f"{self.heard:x}", "watched": f"{self.watched:x}"})

    @classmethod
    def decode(cls, data: bytes) -> HeardHours:
        """Raises ValueError, KeyError or TypeError for what `encode` did not make."""
        values = orjson.loads(data)
        heard, watched = int(values["heard"], 16), int(values["watched"], 16)
        return cls(int(values["hour"]), heard, watched, int(values["rows"]), int(values["began"]), bool(values["told"]))
