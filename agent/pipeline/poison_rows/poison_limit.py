"""When most of what comes breaks a step, it is the deployment that is bad, and no longer the rows.

Then a source stops instead of emptying itself into dead letters. It is tried again with the pauses of any fault, and
goes on once most rows can be taken: after a reload of the rule or mapping that was changed last, or with another
version. Somebody who acknowledges the problem says that it is the rows: these become dead letters, until other rules and
mappings are loaded.
"""

from __future__ import annotations

from agent.errors import BadDeployment
from agent.pipeline.poison_rows.poison import FEWEST
from agent.store.problems import Problems

KIND = "source-stopped"

Kind = tuple[str, str]
"""A source's name and an event type: these are judged apart, for a mapping breaks one type alone."""


class PoisonLimit:
    """Of one shard. For one thread at a time of each source."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._newest: dict[Kind, tuple[int, int]] = {}
        """The newest rows that were taken, at least `FEWEST` once there were so many, and how many of them broke a step."""
        self._stopped = {problem.subject: False for problem in problems.open() if problem.kind == KIND}
        """Sources that were stopped, and whether somebody has acknowledged it since."""

    def check(self, kind: Kind, org: str, rows: int, poisoned: int, reason: str) -> None:
        """Before `poisoned` of `rows` new rows become dead letters. Raises BadDeployment, which is reported here."""
        source, event_type = kind
        all_rows, all_poisoned = self._with(kind, rows, poisoned)
        if all_rows < FEWEST or 2 * all_poisoned <= all_rows or self._is_acknowledged(source):
            return
        last_line = reason.strip().splitlines()[-1] if reason.strip() else "no reason"
        message = (
            f"{source} is stopped: more than half of its {event_type} rows cause an error, the last one: {last_line}"
        )
        self._problems.report(KIND, source, message, org=org, fields={"event.provider": source})
        self._stopped[source] = False
        raise BadDeployment(message)

    def record(self, kind: Kind, rows: int, poisoned: int) -> None:
        """A batch is committed, of which so many rows were dead-lettered because they break a step."""
        self._newest[kind] = self._with(kind, rows, poisoned)
        source, event_type = kind
        if rows and not poisoned and self._stopped.pop(source, None) is not None:
            self._problems.over(KIND, source, f"{source} continues: its {event_type} rows can be processed again")

    def forget(self) -> None:
        """Other rules and mappings were loaded: what was acknowledged is to be judged anew."""
        self._stopped = {source: False for source, acknowledged in self._stopped.items() if not acknowledged}

    def _with(self, kind: Kind, rows: int, poisoned: int) -> tuple[int, int]:
        rows_before, poisoned_before = self._newest.get(kind, (0, 0))
        if rows >= FEWEST or rows_before >= FEWEST:
            return rows, poisoned
        return rows_before + rows, poisoned_before + poisoned

    def _is_acknowledged(self, source: str) -> bool:
        if self._stopped.get(source) is False and not self._problems.is_open(KIND, source):
            self._stopped[source] = True
        return self._stopped.get(source, False)
