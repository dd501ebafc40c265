"""What goes over the wire, both ways, before HTTP is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from agent.simulator.api.wire_proxy import Ending
from agent.simulator.log_files.log_file import LogFile


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """`base`: scheme, host and port the client used. Header names are in lower case."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """`file`: a log file to stream instead of `body`; `ending`: how the connection ends in the middle of the answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    file: LogFile | None = None
    ending: Ending = ""


class RestError(Exception):
    """A REST error: `[{"message", "errorCode"}]`."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    def answer(self) -> ApiAnswer:
        """As it is sent."""
        return ApiAnswer(
            self.status, orjson.dumps([{"message": str(self), "errorCode": self.code}]), headers=dict(self.headers)
        )


def json_answer(value: Any, status: int = 200) -> ApiAnswer:
    return ApiAnswer(status, orjson.dumps(value))
