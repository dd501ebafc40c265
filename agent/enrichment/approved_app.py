"""Whether the connected app is one that the organisation approved: by id or name, from the settings.

Column: `leakline.app_approved` (`Boolean`); null where the row names no app, or only an id while the list knows apps
by name, so that no rule takes "not known" for "no". An app may be given as `name = id`: then its name alone does not
make another app approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl

from agent.columns.record_id import to_long
from agent.enrichment.lookup_cache import LookupCache
from agent.errors import SettingsError

APPROVED = "leakline.app_approved"

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_BETWEEN = "\x1f"


def read_apps(path: Path) -> list[str]:
    """The apps of a text file: an id or name a line, `#` begins a comment. Raises SettingsError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"enrich.approved_apps_file: {path} cannot be read ({error})", hint="write one id or name a line"
        ) from error
    return [text for line in lines if (text := line.partition("#")[0].strip())]


def app_ids(apps: Sequence[str]) -> list[str]:
    """The ids among approved apps, each with 15 and with 18 characters: logs hold both."""
    ids = [app for app in map(_id_of, apps) if _is_id(app)]
    return sorted({form for app in ids for form in (app[:15], *_long(app[:15]))})


def paired(app: str) -> tuple[str, str] | None:
    """Name and id of an entry `name = id`; None for another."""
    name, _, app_id = map(str.strip, app.rpartition("="))
    return (name, app_id) if name and _is_id(app_id) else None


def _id_of(app: str) -> str:
    pair = paired(app)
    return pair[1] if pair else app


def _is_id(app: str) -> bool:
    """Ids of connected apps (`0H4`) and of OAuth consumers (`888`): a name of 15 letters is none."""
    return bool(_ID.fullmatch(app)) and app.startswith(("0H4", "888", "0Ci"))


def _long(short: str) -> Iterator[str]:
    yield from to_long(pl.Series([short]))


class ApprovedApps:
    """Never changed. `apps`: ids and names; in a name `*` stands for any text, and case does not count."""

    def __init__(self, apps: Sequence[str]) -> None:
        ids = map(_id_of, apps)
        self._ids = {app[:15] for app in ids if _is_id(app)}
        self._names = [app.lower() for app in apps if not _is_id(_id_of(app))]

    def is_approved(self, app_id: str, name: str) -> bool | None:
        """Both empty where the row does not tell them; None if it cannot be known."""
        if app_id[:15] in self._ids or any(name and fnmatchcase(name.lower(), pattern) for pattern in self._names):
            return True
        is_known = (app_id and (name or not self._names)) or (name and not self._ids)
        return False if is_known else None


class ApprovedAppColumns:
    """The column for the apps of one org."""

    def __init__(self, apps: ApprovedApps) -> None:
        self._cache = LookupCache(
            {APPROVED: pl.Boolean()}, lambda keys: {key: (apps.is_approved(*key.split(_BETWEEN, 1)),) for key in keys}
        )

    def columns(self, ids: pl.Series | None, names: pl.Series | None) -> dict[str, pl.Series]:
        """Both `String`, row for row beside each other; None is a column that is not there."""
        if ids is None and names is None:
            return {}
        return self._cache.joined_columns((ids, names), _BETWEEN)
