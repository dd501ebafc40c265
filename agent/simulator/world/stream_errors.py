"""The error codes of the Pub/Sub API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml


@cache
def stream_errors() -> Mapping[str, tuple[str, str]]:
    """The name of the gRPC status and the message, by code without `sfdc.platform.eventbus.grpc.`."""
    table = yaml.safe_load(Path(__file__).with_name("stream_errors.yaml").read_text(encoding="utf-8"))
    return {code: (row["status"], row["text"]) for code, row in table.items()}
