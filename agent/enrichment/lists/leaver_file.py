"""Who leaves, and when: a CSV file from human resources, or a directory's LDIF export.

CSV: a header names the columns; user name, mail and Salesforce id are found under their usual names, of which one is
needed, and so is the last day. LDIF: `uid`, `userPrincipalName`, `mail`, and `accountExpires` or another attribute.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from agent.enrichment.lists.iso_date import is_iso_date, read_iso_date
from agent.enrichment.lists.ldif import records
from agent.errors import FileError, SettingsError

_ACCOUNT = frozenset(
    {
        *("username", "user", "login", "uid", "userprincipalname", "upn", "samaccountname", "account"),
        *("mail", "email", "emailaddress", "federationid", "federationidentifier"),
        *("id", "userid", "salesforceid", "salesforceuserid", "sfid"),
    }
)
_LAST_DAY = ("lastday", "lastworkingday", "leaveson", "leavingdate", "enddate", "terminationdate", "accountexpires")
"""Names of columns and attributes, without case, spaces and signs between words."""

_NEVER = frozenset({0, 2**63 - 1})
"""Values of accountExpires that mean no end."""
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_GENERALIZED = re.compile(r"(\d{8})\d{2,6}([.,]\d+)?(Z|[+-]\d{2,4})")


@dataclass(frozen=True)
class LeaverFile:
    """Last days by user name or mail in lower case, or by the first 15 characters of a Salesforce id."""

    last_days: Mapping[str, date]
    problems: tuple[FileError, ...]
    """Lines that were left out."""

    @cached_property
    def only_ids(self) -> bool:
        """Whether all accounts are ids of Salesforce users, so that who has another id is not among them."""
        return bool(self.last_days) and all(
            account.startswith("005") and len(account) == 15 for account in self.last_days
        )


def read_leavers(path: Path, last_day: str | None = None) -> LeaverFile:
    """Read a file of either kind; `last_day` names its column or attribute if it has none of the usual names.

    Raises SettingsError for a file that cannot be used at all.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"enrich.leavers: {path} cannot be read ({error})", hint="name a CSV or LDIF file in UTF-8"
        ) from error
    wanted = (_plain(last_day),) if last_day else _LAST_DAY
    is_ldif = any(line.lower().startswith(("dn:", "version:")) for line in lines[:50])
    entries = _from_ldif(path, lines, wanted) if is_ldif else _from_csv(path, lines, wanted)
    last_days: dict[str, date] = {}
    problems: list[FileError] = []
    for entry in entries:
        if isinstance(entry, FileError):
            problems.append(entry)
        else:
            accounts, day = entry
            # Somebody who is listed twice leaves on the earlier day.
            last_days |= {account: min(day, last_days.get(account, day)) for account in accounts}
    return LeaverFile(last_days, tuple(problems))


_Entries = Iterator[tuple[set[str], date] | FileError]


def _from_csv(path: Path, lines: list[str], wanted: tuple[str, ...]) -> _Entries:
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t|", key=header.count)
    reader = csv.reader(lines, delimiter=delimiter)
    names = [_plain(name) for name in next(reader, [])]
    day_column = next((names.index(name) for name in wanted if name in names), None)
    account_columns = [place for place, name in enumerate(names) if name in _ACCOUNT]
    if day_column is None or not account_columns:
        what = "the last day" if day_column is None else "user names, mails or ids"
        raise SettingsError(
            f"enrich.leavers: {path}:1: no column of {what}",
            hint="name columns `username`, `mail` or `id` and `last_day`, or set enrich.leavers_last_day",
        )
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(day_column, *account_columns):
            yield FileError(path, reader.line_num, "the line has too few cells", hint="write a cell for every column")
            continue
        yield from _leaver(path, reader.line_num, [row[place] for place in account_columns], row[day_column])


def _from_ldif(path: Path, lines: list[str], wanted: tuple[str, ...]) -> _Entries:
    for record in records(lines, str(path)):
        if isinstance(record, FileError):
            yield record
            continue
        line, attributes = record
        plain = {_plain(name): values for name, values in attributes.items()}
        day = next((plain[name][0] for name in wanted if name in plain), None)
        if day is not None:  # who has no end stays
            accounts = [value for name, values in plain.items() if name in _ACCOUNT for value in values]
            yield from _leaver(path, line, accounts, day)


def _leaver(path: Path, line: int, accounts: list[str], text: str) -> _Entries:
    known = {account_key(account) for account in accounts if account.strip()}
    try:
        day = _day(text.strip())
    except (ValueError, OverflowError):
        yield FileError(path, line, f"{text.strip()!r} is not a date", hint="write the last day as 2026-12-31")
        return
    if not known:
        yield FileError(path, line, "the line has no user", hint="write a user name, mail or Salesforce id")
    elif day is not None:
        yield known, day


def account_key(text: str) -> str:
    """A user name or mail in lower case; of a Salesforce user's id the first 15 characters, whose case counts."""
    plain = text.strip()
    return plain[:15] if re.fullmatch(r"005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", plain) else plain.lower()


def _day(text: str) -> date | None:
    """Of ISO 8601, LDAP's generalized time or Windows' file time; None for no end. Raises ValueError."""
    if is_iso_date(text):
        return read_iso_date(text)
    if is_iso_date(text[:10]) and text[10:11] in ("T", " "):
        # The day as it is written there, whatever the zone: a last day is one in the place where somebody works.
        return datetime.fromisoformat(text).date()
    generalized = _GENERALIZED.fullmatch(text)
    if generalized:
        return date.fromisoformat(generalized[1])
    if re.fullmatch(r"0|\d{17,19}", text):
        ticks = int(text)
        return None if ticks in _NEVER else (_FILETIME_EPOCH + timedelta(microseconds=ticks // 10)).date()
    raise ValueError(text)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
