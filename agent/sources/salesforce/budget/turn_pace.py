"""How a source spends what it is given: turns spread over the hours, not a burst and a long silence."""

from __future__ import annotations

from dataclasses import dataclass

from agent.sources.salesforce.budget.caller import ApiCaller

HOUR = 3600.0
BURST = HOUR / 4
"""What was not spent is kept for so long."""
LEARNING = 0.2
"""The weight of the last turn in what a turn costs."""
LONGEST = 24 * HOUR


@dataclass(slots=True)
class TurnPace:
    """Of one source. Times are in seconds.

    A turn is given while there is a call to spend and may cost more than that: a look at all records of an object that was
    broken off would have cost its calls for nothing. The debt delays the next turn.
    """

    caller: ApiCaller
    balance: float = 1.0
    """Calls that may be made; below 0 after a turn that cost more."""
    settled: float | None = None
    """When `balance` was reckoned."""
    cost: float = 1.0
    """Calls of a turn, as a rule."""
    spent: int = 0
    """Since the last turn was given."""
    held_since: float | None = None

    @property
    def demand(self) -> float:
        """Calls an hour if every turn were given."""
        return self.cost * HOUR / max(1.0, self.caller.every.total_seconds())

    def spend(self) -> None:
        """A call was made."""
        self.balance -= 1
        self.spent += 1

    def fill(self, pace: float, now: float) -> None:
        """`pace`: calls an hour that this source is given."""
        passed = min(max(0.0, now - self.settled), LONGEST) if self.settled is not None else 0.0
        self.settled = now
        most = max(1.0, pace * BURST / HOUR)
        self.balance = min(most, self.balance + pace * passed / HOUR)

    def give(self, *, freely: bool) -> None:
        """It has its turn. `freely`: there is plenty, and nothing is reckoned up."""
        if self.spent:
            self.cost += LEARNING * (self.spent - self.cost)
        self.spent, self.held_since = 0, None
        if freely:
            self.balance = 1.0

    def wait(self, pace: float) -> float:
        """Seconds until the next turn; 0: now."""
        if self.balance >= 1:
            return 0.0
        return min(LONGEST, (1 - self.balance) * HOUR / pace) if pace > 0 else LONGEST
