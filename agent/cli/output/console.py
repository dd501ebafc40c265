"""The consoles that commands print on, and JSON for programs in place of them."""

from __future__ import annotations

import sys

from agent.terminal import Terminal

out = Terminal()

err = Terminal(stderr=True)


def print_json(document: object) -> None:
    """A document for programs on standard output."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")


def quiet() -> None:
    """Commands for people do not log; what they have to say they print."""
    import structlog

    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()], wrapper_class=structlog.make_filtering_bound_logger(50)
    )
