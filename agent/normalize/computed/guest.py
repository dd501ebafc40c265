"""Whether a site's guest did it, which one, and what he asked for.

Columns: `leakline.user_is_guest` (`Boolean`): true by the user's type, licence or profile, by a site's word, or where
nobody is named and nobody signed in; false where the user is of another type; null otherwise. For guests, besides:
`leakline.guest` (`String`), the guest user's id or the site, by which rules group, because a guest can change his address,
session and user agent, and this he cannot; `leakline.guest_calls`, `leakline.guest_lists` and `leakline.guest_describes`
(`Int64`), how many things a row asked for, lists of records and descriptions of objects among them; and
`leakline.guest_doors` (`String`), the names of what gives data (see `guest_doors.py`), and `leakline.guest_actions`
(`String`), those of all Lightning actions, without the milliseconds that make every cell of them one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

from agent.columns.distinct import filled, only_value, only_where, surely
from agent.columns.known_columns import or_else
from agent.columns.small import SMALL, few_plain
from agent.normalize.computed.guest_doors import LONGEST, LONGEST_PATH, Doors, of_actions, of_path

GUEST = "leakline.user_is_guest"
WHO = "leakline.guest"
COUNTS = ("leakline.guest_calls", "leakline.guest_lists", "leakline.guest_describes")
DOORS = "leakline.guest_doors"
ACTIONS = "leakline.guest_actions"

_TYPES = ("USER_TYPE", "UserType", "salesforce.user.type")
_ABOUT = {
    "salesforce.user.license": r"(?i)^\s*guest(?: user)?(?: license)?\s*$",
    "salesforce.user.profile": r"(?i)\bguest (?:user|profile)\s*$",
}
"""What is known of a user whose type is blank, and how that of a guest is called: people name profiles as they like
(`Guest Services Agent` of a hotel), and a guest is neither watched nor excused as a person is.
"""
_USERS = ("user.id", "USER_ID_DERIVED", "USER_ID", "UserId")
_SITES = ("SITE_ID", "SiteId")
_KEYS = ("LOGIN_KEY", "LoginKey")
_SESSIONS = ("SESSION_KEY", "SessionKey")
_EVENT_TYPES = ("EVENT_TYPE", "EventType")
_SITE_SAYS = "IS_GUEST"
_MESSAGE = "ACTION_MESSAGE"
_URIS = ("URI", "Uri", "PAGE_URL", "PageUrl", "REQUEST_PATH")

_A_GUEST = r"(?i)guest|^\s*g\s*$"
"""A word such as `Guest`, or the letter that the types of the pages have."""
_OF_A_SITE = r"(?i)/sfsites/|/webruntime/|/s/aura\b|^/s/|/apexremote\b"
_OF_PAGES = "^(?i:AuraRequest|Sites|VisualforceRequest|GraphQLQuery)$"
"""Types whose rows name a user's type: where it is blank, and no session either, nobody has signed in."""

_AN_ID = r"\b[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\b"
"""Ids of records make most paths different, and none another door."""
_BLANK = r"^\s*$"

_COLUMNS = (*_TYPES, *_ABOUT, *_USERS, *_SITES, *_KEYS, *_SESSIONS, *_EVENT_TYPES, *_URIS, _SITE_SAYS, _MESSAGE)

_SCHEMA = {**dict.fromkeys(COUNTS, pl.Int64), DOORS: pl.String, ACTIONS: pl.String}


def guest_columns(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """`columns`: those of a prepared frame, by name, of which any may be missing."""
    texts = {name: columns[name] for name in _COLUMNS if name in columns and columns[name].dtype == pl.String}
    guest = _is_guest(texts)
    if guest is None:
        return {}
    if not guest.any():
        return {GUEST: guest}
    named = _first(texts, _USERS)
    site = _first(texts, _SITES)
    who = pl.select(
        pl.when(pl.lit(guest)).then(
            pl.coalesce(*(pl.lit(part) for part in (named, site) if part is not None), pl.lit("not named"))
        )
    ).to_series()
    return {GUEST: guest, WHO: who.alias(WHO), **_asked(texts, guest)}


def _is_guest(texts: Mapping[str, pl.Series]) -> pl.Series | None:
    """`Boolean` with nulls; None where nothing can be said of any row."""
    kind = _first(texts, _TYPES)
    if kind is not None and kind.null_count() == 0 and _SITE_SAYS not in texts:
        # All types are known, so nothing else counts.
        return _found(kind, _A_GUEST).alias(GUEST)
    signs = [] if kind is None else [_found(kind, _A_GUEST)]
    for name, word in _ABOUT.items():
        about = _first(texts, (name,))
        if about is not None:
            signs.append(_found(about, word) & (True if kind is None else ~filled(kind)))
    site_says = _first(texts, (_SITE_SAYS,))
    if site_says is not None:
        signs.append(_found(site_says, "^(?i:1|true)$"))
    blank = _nobody(texts, kind if site_says is None else _or(kind, site_says))
    if blank is not None:
        signs.append(blank)
    if not signs:
        return None
    guest = pl.select(pl.any_horizontal(*(pl.lit(sign).fill_null(False) for sign in signs))).to_series()
    if guest.any() and kind is not None:  # a guest whose type is blank in some rows
        users = _first(texts, _USERS)
        if users is not None:
            same = users.is_in(users.filter(guest).unique().drop_nulls().implode()).fill_null(False)
            guest = guest | (same & kind.is_null())
    known = filled(kind) if kind is not None else pl.Series([False]).new_from_index(0, guest.len())
    return pl.select(pl.when(pl.lit(guest)).then(True).when(pl.lit(known)).then(False).alias(GUEST)).to_series()


def _or(kind: pl.Series | None, word: pl.Series) -> pl.Series:
    """`kind` (`String`), and `word` where it is null."""
    return word if kind is None else or_else(kind, word)


def _nobody(texts: Mapping[str, pl.Series], kind: pl.Series | None) -> pl.Series | None:
    """`Boolean`: nothing about the user (`kind`), no sign-in, and the path of a site; or a page's type of row without a session."""
    if kind is not None and kind.null_count() == 0:
        return None
    uri, event = _first(texts, _URIS), _first(texts, _EVENT_TYPES)
    signed, session = _first(texts, _KEYS), _first(texts, _SESSIONS)
    height = next((column.len() for column in texts.values()), 0)
    never = pl.Series([False]).new_from_index(0, height)
    unnamed = ~never if kind is None else ~filled(kind)
    unsigned = ~never if signed is None else ~filled(signed)
    on_site = never if uri is None else surely(_found(uri, _OF_A_SITE))
    if kind is None and not any(name in texts for name in _TYPES):
        pages = never
    else:
        pages = never if event is None else surely(_found(event, _OF_PAGES))
    without = ~never if session is None else ~filled(session)
    found = unnamed & unsigned & (on_site | (pages & without))
    return found if found.any() else None


def _asked(texts: Mapping[str, pl.Series], guest: pl.Series) -> dict[str, pl.Series]:
    """Counts and doors of the guests' rows, worked out once per distinct action or path."""
    actions, paths = _first(texts, (_MESSAGE,)), _first(texts, _URIS)
    event = _first(texts, _EVENT_TYPES)
    blank = pl.repeat(None, guest.len(), dtype=pl.String, eager=True)
    keys = pl.DataFrame(
        {
            "guest": guest.fill_null(False),
            # Milliseconds would make nearly every cell one of its own.
            "actions": blank if actions is None else _cut(actions, LONGEST).str.replace_all(r"=\d+(\.\d+)?(;|$)", "$2"),
            "path": blank
            if paths is None
            else _cut(paths, LONGEST_PATH).str.replace(r"\?.*$", "").str.replace_all(_AN_ID, "*"),
            "event": blank if event is None else event,
        }
    )
    distinct = keys.filter("guest").unique()
    rows = [(*key, *_row(key[1], key[2], key[3])) for key in distinct.iter_rows()]
    table = pl.DataFrame(rows, schema={**distinct.schema, **_SCHEMA}, orient="row")
    beside = keys.join(table, on=list(keys.columns), how="left", nulls_equal=True, maintain_order="left")
    return {name: beside[name] for name in _SCHEMA if beside[name].null_count() < beside.height}


def _cut(cells: pl.Series, longest: int) -> pl.Series:
    """Where there is something to cut, for that costs as much as all else."""
    most = cells.str.len_bytes().max()
    return cells.str.head(longest) if isinstance(most, int) and most > longest else cells


def _row(actions: str | None, path: str | None, event: str | None) -> tuple[int, int, int, str | None, str | None]:
    doors = of_actions(actions) if actions else _DOORS_OF_TYPES.get((event or "").lower()) or of_path(path or "")
    return doors.calls, doors.lists, doors.describes, doors.names, doors.actions


_DOORS_OF_TYPES = {
    "graphqlquery": Doors(1, 1, 0, "graphql"),
    "contenttransfer": Doors(1, 0, 0, "file"),
    "documentattachmentdownloads": Doors(1, 0, 0, "file"),
    "contentdistribution": Doors(1, 0, 0, "file"),
    "search": Doors(1, 1, 0, "search"),
    "bulkapi": Doors(1, 1, 0, "bulk"),
    "bulkapi2": Doors(1, 1, 0, "bulk"),
    "api": Doors(1, 1, 0, "soap"),
}


def _first(texts: Mapping[str, pl.Series], names: tuple[str, ...]) -> pl.Series | None:
    """The first of these columns that says something, row by row; blank is nothing. None if there is none."""
    found: pl.Series | None = None
    for name in names:
        if name not in texts:
            continue
        column = texts[name]
        blank = surely(_found(column, _BLANK))
        column = only_where(column, ~blank) if blank.any() else column
        found = column if found is None else or_else(found, column)
        if found.null_count() == 0:
            break
    return found


def _found(column: pl.Series, pattern: str) -> pl.Series:
    """`Boolean`: in which cells (`String`) the pattern is found; null for a null."""
    cells = few_plain(column)
    if cells is None:
        value = only_value(column) if column.len() > SMALL else None
        if value is None:
            return column.str.contains(pattern)
        return _found(pl.Series(column.name, [value]), pattern).new_from_index(0, column.len())
    search = re.compile(pattern).search
    return pl.Series(
        column.name, [cell if cell is None else search(cell) is not None for cell in cells], dtype=pl.Boolean
    )
