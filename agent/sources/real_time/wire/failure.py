"""Why a stream or a call ended, and what is to be done: decided on Salesforce's own error code, not on the gRPC status alone
(a refused replay id and a wrong number of events are both INVALID_ARGUMENT).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import grpc
import yaml

Remedy = Literal["renew", "retry", "slower", "give_up", "replay"]

CODE_KEY, CODE_PREFIX = "error-code", "sfdc.platform.eventbus.grpc."
LONGEST = 500
"""Characters kept of what the other side says."""


@dataclass(frozen=True, slots=True)
class StreamFailure:
    """The end of a call."""

    status: str
    """gRPC's: `UNAVAILABLE`; `OK` where the other side ended the stream in good order."""
    suffix: str
    """Of Salesforce's error code, empty where the trailer does not have one."""
    details: str
    """In the other side's words, with its rpc id."""

    @classmethod
    def of(cls, error: grpc.RpcError) -> StreamFailure:
        """Of what a call raised."""
        call = cast("grpc.aio.AioRpcError", error)
        trailers = {str(key): _text(value) for key, value in call.trailing_metadata() or ()}
        suffix = trailers.get(CODE_KEY, "").removeprefix(CODE_PREFIX)
        return cls(call.code().name, suffix[:LONGEST], _printable(call.details() or ""))

    @property
    def remedy(self) -> Remedy:
        return cast("Remedy", self._entry.get("do", "retry"))

    @property
    def hint(self) -> str:
        """What a person does about it; may be empty."""
        return str(self._entry.get("hint", ""))

    @property
    def reason(self) -> str:
        """A word for metrics: the suffix that is known, else the status."""
        return self.suffix if self.suffix in _table()["trailers"] else self.status.lower()

    @property
    def is_refusal(self) -> bool:
        """Whether the other side says that this call cannot work, and not merely now."""
        return self.remedy == "give_up" or self.status in ("INVALID_ARGUMENT", "NOT_FOUND")

    def __str__(self) -> str:
        what = self.suffix or self.status
        return f"{what} ({self.details})" if self.details else what

    @property
    def _entry(self) -> Mapping[str, Any]:
        table = _table()
        found: Mapping[str, Any] = table["trailers"].get(self.suffix) or table["statuses"].get(self.status) or {}
        return found


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Mapping[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("failures.yaml").read_text(encoding="utf-8")
    )
    return table


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text)[:LONGEST].strip()
