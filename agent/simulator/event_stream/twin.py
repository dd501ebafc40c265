"""What it takes to say a log-file row as a real-time event: expressions over the row and over who made it.

A frame that they are used on has the cells of its type, the columns of `Traffic.HIDDEN`, the session table's columns named
with `ACTOR`, and the columns that `Happenings` adds: `_profile`, `_role`, `_login_id` (`String`), `_identifier`, `_uuid`,
`_execution` (`String`, UUIDs), `_draw` (`UInt64`, a number of the event's own).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.simulator.log_files.traffic import ACTOR
from agent.simulator.world.columns import layouts
from agent.simulator.world.record_id import long_ids

Fields = Mapping[str, pl.Expr]


@dataclass(frozen=True, slots=True)
class Twin:
    """The rows of `event_type` that `where` lets through are events `name`, with these fields beside the common ones."""

    name: str
    event_type: str
    fields: Fields
    where: pl.Expr = field(default_factory=lambda: pl.lit(True))


def cell(name: str) -> pl.Expr:
    """The row's cell, null where it is empty."""
    return pl.when(pl.col(name) != "").then(pl.col(name))


def long_cell(name: str) -> pl.Expr:
    """The row's cell, an id of 15 or 18 characters, in the form with 18; null where it is empty."""
    return pl.when(pl.col(name) != "").then(pl.col(name).map_batches(long_ids, return_dtype=pl.String))


def whole(name: str) -> pl.Expr:
    """The row's cell as a whole number."""
    return pl.col(name).cast(pl.Int64, strict=False)


def actor(name: str) -> pl.Expr:
    """A column of the session table, null where it is empty."""
    return cell(f"{ACTOR}{name}")


def drawn(salt: int, count: int) -> pl.Expr:
    """A number below `count` that the event has of its own, another for another `salt` (0 to 7)."""
    return pl.col("_draw") // (1 << (7 * salt)) % count


def choice(salt: int, values: Sequence[str | None]) -> pl.Expr:
    """One of the values, as `String`."""
    return drawn(salt, len(values)).replace_strict(dict(enumerate(values)), return_dtype=pl.String)


def said(name: str, words: Mapping[str, str], otherwise: str | None = None) -> pl.Expr:
    """Other words for those of a cell."""
    return pl.col(name).replace_strict(dict(words), default=otherwise, return_dtype=pl.String)


def text(value: str) -> pl.Expr:
    return pl.lit(value, dtype=pl.String)


def program() -> pl.Expr:
    """The browser or the program in Salesforce's words: `Chrome 142`."""
    browser = pl.concat_str(actor("browser").str.to_titlecase(), actor("browser_version"), separator=" ")
    return pl.coalesce(browser, text("Unknown"))


def system() -> pl.Expr:
    known = said(f"{ACTOR}system", {"OSX": "Mac OSX", "IOS": "iOS", "WINDOWS": "Windows"}, "Linux")
    words = pl.concat_str(pl.when(actor("system").is_not_null()).then(known), actor("system_version"), separator=" ")
    return pl.coalesce(words, text("Unknown"))


def common(event_type: str) -> Fields:
    """What most events have: who, when, from where, in which session.

    The row's own cells are taken where its type has them, so that a failed login has no session; else the actor's.
    """
    names = layouts()[event_type].names

    def own(name: str, other: str) -> pl.Expr:
        return cell(name) if name in names else actor(other)

    session, login = own("SESSION_KEY", "session_key"), own("LOGIN_KEY", "login_key")
    address = pl.coalesce(cell("CLIENT_IP"), actor("ip")) if "CLIENT_IP" in names else actor("ip")
    return {
        "EventDate": pl.col("_time"),
        "CreatedDate": pl.col("_time"),
        "EventIdentifier": pl.col("_identifier"),
        "EventUuid": pl.col("_uuid"),
        "UserId": actor("user_long"),
        "CreatedById": actor("user_long"),
        "Username": actor("username"),
        "UserType": actor("user_type"),
        "SourceIp": address,
        "SessionKey": session,
        "LoginKey": login,
        "SessionLevel": pl.when(session.is_not_null()).then(text("STANDARD")),
        "LoginHistoryId": pl.when(login.is_not_null()).then(pl.col("_login_id")),
        "ProfileId": cell("_profile"),
        "RoleId": cell("_role"),
    }
