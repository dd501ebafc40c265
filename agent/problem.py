"""What is wrong: an open problem, of one of the kinds.

A problem is open from the moment it is seen until it is over. `status`, its exit status, the metric
`leakline_problems`, the log and an event of dataset `leakline.agent` all tell the same open problems.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson

from agent.problem_kinds import KINDS, Clears

Field = str | int | float | bool


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
