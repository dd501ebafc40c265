"""Leakline's own log: one JSON object a line on standard error (journald takes it), or text for people."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog

from agent.config.settings import LogSettings
from agent.redaction.redaction import redact
from agent.terminal import printable

OURS = frozenset({"level", "timestamp"})
"""Keys whose values nobody else has a say in."""


def set_up(settings: LogSettings) -> None:
    """Configure structlog, and let the libraries' warnings through in the same form.

    Every value is redacted, tracebacks too; in the form for people it is also made printable (JSON is by itself).
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _each_text(redact),
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        shared.append(_each_text(printable))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a poll that takes longer than its interval is no news
    for library in ("httpx", "httpcore", "urllib3"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _each_text(change: Callable[[str], str]) -> structlog.typing.Processor:
    """A processor that changes all texts of an entry, however deep they lie; whatever is no plain value is text."""

    def changed(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {change(str(key)): changed(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [changed(entry) for entry in value]
        return change(value if isinstance(value, str) else repr(value))

    def process(_: Any, __: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {key: value if key in OURS or key.startswith("_") else changed(value) for key, value in entry.items()}

    return process
