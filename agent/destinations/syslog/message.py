"""Syslog messages in columns: RFC 5424 and RFC 3164 headers, framing for streams."""

from __future__ import annotations

from typing import Literal

import polars as pl

from agent.own_event import INCIDENTS

FACILITIES = {
    name: code
    for code, name in enumerate(
        [
            "kern",
            "user",
            "mail",
            "daemon",
            "auth",
            "syslog",
            "lpr",
            "news",
            "uucp",
            "cron",
            "authpriv",
            "ftp",
            "ntp",
            "audit",
            "alert",
            "clock",
            "local0",
            "local1",
            "local2",
            "local3",
            "local4",
            "local5",
            "local6",
            "local7",
        ]
    )
}
"""RFC 5424 section 6.2.1."""

Facility = Literal[
    "user", "daemon", "auth", "authpriv", "audit", "alert",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
]  # fmt: skip

NIL = "-"
BYTE_ORDER_MARK = "\ufeff"


def priority(frame: pl.DataFrame, facility: str) -> pl.Expr:
    """PRI (`String`, one a row): eight times the facility, and the severity (RFC 5424 section 6.2.1).

    Alerts (`event.kind`), and what is said of incidents, by `event.severity` (0 to 100): critical, error, warning, notice; all
    else is informational.
    """
    code = pl.lit(FACILITIES[facility] * 8)
    if not {"event.kind", "event.severity"} <= set(frame.columns):
        return (code + 6).cast(pl.String)
    severity = pl.col("event.severity").cast(pl.Int64).fill_null(0)
    level = pl.when(severity >= 90).then(2).when(severity >= 70).then(3).when(severity >= 40).then(4).otherwise(5)
    graded = (pl.col("event.kind") == "alert").fill_null(False)
    if "event.dataset" in frame.columns:
        graded |= (pl.col("event.dataset") == INCIDENTS).fill_null(False)
    return (code + pl.when(graded).then(level).otherwise(6)).cast(pl.String)


def rfc5424(
    frame: pl.DataFrame, lines: pl.Series, *, facility: str, host: str, application: str, data: pl.Expr
) -> pl.Series:
    """`<PRI>1 TIMESTAMP HOSTNAME APP-NAME - MSGID DATA MSG`; a row without a time gets the nil value.

    `frame`: shaped rows; `lines`: their messages (`String`). MSGID is `event.provider` (the event type, for log files).
    `data`: the structured data, or `-`.
    """
    time = pl.col("@timestamp").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").fill_null(NIL)
    kind = _token(pl.col("event.provider"), 32) if "event.provider" in frame.columns else pl.lit(NIL)
    middle = pl.lit(f" {_printable(host, 255)} {_printable(application, 48)} - ")
    head = [pl.lit("<"), priority(frame, facility), pl.lit(">1 "), time, middle, kind, pl.lit(" ")]
    return frame.select(pl.concat_str(*head, data, pl.lit(" "), lines)).to_series()


def rfc3164(frame: pl.DataFrame, lines: pl.Series, *, facility: str, host: str, application: str) -> pl.Series:
    """`<PRI>Mmm dd hh:mm:ss HOST TAG: MSG`, times in UTC; a row without a time has 1 January 1970's.

    `frame`: shaped rows; `lines`: their messages (`String`).
    """
    known = pl.col("@timestamp").fill_null(pl.lit(0).cast(frame.schema["@timestamp"]))
    time = known.dt.strftime("%b %e %H:%M:%S")
    tag = "".join(letter for letter in application if letter.isascii() and letter.isalnum())[:32] or "leakline"
    head = [pl.lit("<"), priority(frame, facility), pl.lit(">"), time]
    return frame.select(pl.concat_str(*head, pl.lit(f" {_printable(host, 255)} {tag}: "), lines)).to_series()


def event_data(frame: pl.DataFrame, enterprise: int | None, version: str) -> pl.Expr:
    """Structured data: who wrote the message, and, under an enterprise number of the operator's, what event it is.

    An expression (`String`) over the shaped rows of `frame`; a value that a row lacks is left out.
    """
    origin = f'[origin software="leakline" swVersion="{version}"]'
    if enterprise is None:
        return pl.lit(origin)
    pieces: list[pl.Expr] = [pl.lit(f"{origin}[event@{enterprise}")]
    for name, column in (("id", "event.id"), ("dataset", "event.dataset"), ("org", "organization.id")):
        if column in frame.columns:
            value = _parameter(pl.col(column).cast(pl.String))
            pieces.append((pl.lit(f' {name}="') + value + pl.lit('"')).fill_null(""))
    return pl.concat_str(*pieces, pl.lit("]"))


def octet_counted(messages: pl.Series) -> pl.Series:
    """Octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3): each message's length in octets before it."""
    length = messages.str.len_bytes().cast(pl.String)
    return pl.select(pl.concat_str(length, pl.lit(" "), messages)).to_series()


def line_fed(messages: pl.Series) -> pl.Series:
    """Line feed framing (RFC 6587 section 3.4.2): line ends inside a message become spaces."""
    if messages.str.contains(r"[\r\n]").any():
        messages = messages.str.replace_all(r"[\r\n]", " ")
    return pl.select(pl.concat_str(messages, pl.lit("\n"))).to_series()


def _token(text: pl.Expr, length: int) -> pl.Expr:
    """A header field: printable ASCII without spaces (RFC 5424 section 6), `-` when nothing is left."""
    clean = text.cast(pl.String).str.replace_all(r"[^\x21-\x7e]", "").str.slice(0, length)
    return pl.when(clean.str.len_bytes() > 0).then(clean).otherwise(pl.lit(NIL))


def _parameter(text: pl.Expr) -> pl.Expr:
    r"""A parameter's value: `\`, `"` and `]` escaped (RFC 5424 section 6.3.3)."""
    return text.str.replace_all(r'([\\"\]])', r"\$1")


def _printable(text: str, length: int) -> str:
    return "".join(letter for letter in text if "\x21" <= letter <= "\x7e")[:length] or NIL
