"""What can be wrong, as a table: how each kind of problem ends, and what a person does about it.

A problem is open from the moment it is seen until it is over. `status`, its exit status, the metric
`leakline_problems`, the log and an event of dataset `leakline.agent` all tell the same open problems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

Clears = Literal["itself", "person"]
"""`itself`: it is over when what failed works again. `person`: something is lost or in doubt, and it stays until
somebody replays, drops or acknowledges it."""

Field = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of problem; its name is the `event.action` of the event that tells it."""

    clears: Clears
    fix: str
    """What a person does about it; a problem may bring better words of its own."""
    over: str = ""
    """`event.action` of the event that tells its end."""
    ends_on_word: bool = False
    """Whether somebody's word ends it although it clears itself; those that wait for a person always end on it."""


_ACKNOWLEDGE = "then `leakline problems acknowledge ID`"
_DEAD_LETTERS = "`leakline dead-letters list` shows them; replay them once the cause is gone, or drop them"

KINDS: Mapping[str, ProblemKind] = {
    # Reading
    "source-failed": ProblemKind("itself", "`leakline check` says what the org refuses", over="source-recovered"),
    "pass-failed": ProblemKind(
        "itself",
        "the log has the traceback under `pass failed`: report it; it is tried again by itself",
        over="pass-recovered",
    ),
    "source-stopped": ProblemKind(
        "itself",
        "correct the rule or mapping that was changed last, then `leakline reload`; if the rows themselves are bad, "
        "`leakline problems acknowledge ID` has them kept as dead letters",
        over="source-resumed",
        ends_on_word=True,
    ),
    "look-up-failed": ProblemKind(
        "itself",
        "`leakline check` says what the org refuses; it is tried again every 5 minutes",
        over="look-up-recovered",
    ),
    "ingest-paused": ProblemKind("itself", "it goes on by itself once there is room", over="ingest-resumed"),
    "record-passed-over": ProblemKind("itself", "it is tried again at every poll", over="record-read"),
    "log-gap": ProblemKind("person", f"ask Salesforce for the file; {_ACKNOWLEDGE}"),
    "log-truncated": ProblemKind("person", f"compare it with the file in the org; {_ACKNOWLEDGE}"),
    "log-held": ProblemKind("person", f"compare the day's file with its hours; {_ACKNOWLEDGE}"),
    # Delivering
    "destination-unavailable": ProblemKind(
        "itself", "`leakline check` says what it refuses", over="destination-recovered"
    ),
    "destination-stopped": ProblemKind(
        "itself",
        "correct what it refuses; it is tried with a row every 5 minutes, and goes on at once after "
        "`leakline problems acknowledge ID`",
        over="destination-resumed",
        ends_on_word=True,
    ),
    "batches-set-aside": ProblemKind(
        "itself", "they are sent once it accepts again", over="set-aside-delivered", ends_on_word=True
    ),
    "dead-letters": ProblemKind("person", _DEAD_LETTERS),
    "rows-dropped": ProblemKind("person", f"raise `aside_quota_mb` or repair the destination; {_ACKNOWLEDGE}"),
    # Keeping
    "batch-damaged": ProblemKind("itself", "its rows are fetched again from the org", over="batch-restored"),
    "rows-lost": ProblemKind("person", f"look for a failing disk; {_ACKNOWLEDGE}"),
    "state-recovered": ProblemKind("person", f"compare `leakline status` with the SIEM; {_ACKNOWLEDGE}"),
    "state-restored": ProblemKind("person", f"events come again with the same ids; {_ACKNOWLEDGE}"),
    "state-damaged": ProblemKind("person", "stop the daemon; `leakline state inspect` says how to go on"),
    # Running
    "clock-jumped": ProblemKind(
        "itself",
        f"set the machine's clock; if it is right now, {_ACKNOWLEDGE}",
        over="clock-right",
        ends_on_word=True,
    ),
    "file-not-loaded": ProblemKind("itself", "correct the file, then `leakline reload`", over="file-loaded"),
    "loop-stalled": ProblemKind("itself", "the log has the stacks of all threads", over="loop-recovered"),
    "listener-failed": ProblemKind("itself", "free the port or choose another", over="listener-recovered"),
}
"""By name. docs/operating.md has a section for each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One open problem."""

    kind: str
    """A key of `KINDS`."""
    subject: str
    """What it concerns: a source's, destination's, rule file's name; `host` for the machine, `state` for the state."""
    since: datetime
    message: str
    """What is wrong, in one sentence."""
    fix: str
    """What a person does about it; ID stands for the problem's id, see `advice`."""
    count: int = 1
    """Rows it concerns, or how often it happened."""
    org: str = ""
    """The organisation's id, where it concerns one."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Dotted names for the event that tells it."""
    told_at: datetime | None = None
    """When the last event about it was made; None while there is none."""
    told_count: int = 0
    """Its `count` in that event."""

    def encode(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def decode(cls, data: bytes) -> Problem:
        values: dict[str, Any] = orjson.loads(data)
        since, told_at = values["since"], values["told_at"]
        return cls(
            **{
                **values,
                "since": datetime.fromisoformat(since),
                "told_at": datetime.fromisoformat(told_at) if told_at else None,
            }
        )

    @property
    def id(self) -> str:
        return problem_id(self.kind, self.subject)

    @property
    def advice(self) -> str:
        """`fix` with the problem's own id in the command that it names."""
        return self.fix.replace("acknowledge ID", f"acknowledge {self.id}")

    @property
    def clears(self) -> Clears:
        return KINDS[self.kind].clears

    @property
    def ends_on_word(self) -> bool:
        """Whether acknowledging it ends it."""
        return self.clears == "person" or KINDS[self.kind].ends_on_word


def problem_id(kind: str, subject: str) -> str:
    """Eight hex characters; the same problem has the same id whenever it comes."""
    return hashlib.blake2b(f"{kind}\x1f{subject}".encode(), digest_size=4).hexdigest()
