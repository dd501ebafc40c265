"""Which app a connected app gives itself out for.

Columns, both `String`: `leakline.app_folded`, the app's name in the form of `folded_name.py` (rules group by it: one
name under two ids), and `leakline.app_imitates`, the name that it looks like and is not: one of `imitated_apps.yaml`, or
an approved app's, in another spelling or under another id than the settings give (`name = id`), or `TURNED` for a name
that is written backwards. Null where the row names no app, or its name is like none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import polars as pl

from agent.columns.distinct import only_where
from agent.columns.text.folded_name import LONGEST, folded, is_turned, looks_like, readings
from agent.columns.text.joined_text import head
from agent.enrichment.approved_app import app_ids, paired
from agent.enrichment.lookup_cache import LookupCache
from agent.yaml_lines.text_file import YamlFile, read_yaml

FOLDED = "leakline.app_folded"
IMITATES = "leakline.app_imitates"

TURNED = "another name, by marks of direction"

_KEYS = ("name", "anywhere", "genuine", "pattern")
_SHORTEST = 4
"""Letters of an approved name that others can look like: shorter ones look like much."""


@dataclass(frozen=True, slots=True)
class ImitationTarget:
    """One entry: a name, whether it counts inside of longer ones, and the spellings that are no imitation, listed or by
    a regular expression for all of a name.
    """

    name: str
    anywhere: bool = False
    genuine: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    _like: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_like", looks_like(self.name))

    def is_like(self, texts: Iterable[str]) -> bool:
        """Whether one of the readings of a name looks like this one."""
        find = self._like.search if self.anywhere else self._like.fullmatch
        return any(find(text) for text in texts)

    def is_genuine(self, name: str) -> bool:
        if self.pattern is not None and self.pattern.fullmatch(name):
            return True
        return name.casefold() in (spelling.casefold() for spelling in self.genuine)


def read_imitated(path: Path) -> list[ImitationTarget]:
    """The entries of a file. Raises MappingError with file and line."""
    file = read_yaml(path)
    entries = file.content.get("apps")
    if not isinstance(entries, list) or len(file.content) != 1:
        raise file.error((), "`apps` is missing", hint="write `apps:` and entries with `name` below it")
    return [_entry(file, place, entry) for place, entry in enumerate(entries)]


def _entry(file: YamlFile, place: int, entry: Any) -> ImitationTarget:
    where = ("apps", place)
    if not isinstance(entry, dict) or not folded(str(entry.get("name", ""))):
        raise file.error(where, "an entry without `name`", hint="begin it with `- name: Data Loader`")
    unknown = next((key for key in entry if key not in _KEYS), None)
    if unknown is not None:
        raise file.error((*where, unknown), f"unknown key `{unknown}`", hint=f"use {', '.join(_KEYS)}")
    genuine = entry.get("genuine", [])
    anywhere = entry.get("anywhere", "false")
    if not isinstance(genuine, list) or anywhere not in ("true", "false"):
        raise file.error(where, "`genuine` is not a list of names, or `anywhere` not true or false")
    return ImitationTarget(
        str(entry["name"]), anywhere == "true", tuple(map(str, genuine)), _pattern(file, where, entry)
    )


def _pattern(file: YamlFile, where: tuple[str | int, ...], entry: dict[str, Any]) -> re.Pattern[str] | None:
    if "pattern" not in entry:
        return None
    try:
        return re.compile(str(entry["pattern"]), re.IGNORECASE)
    except re.error as error:
        raise file.error((*where, "pattern"), f"`pattern` is not a regular expression: {error}") from error


class AppImitations:
    """Which names imitate which; never changed and safe for threads.

    `listed`: entries of files; `approved`: approved apps, ids and names, of which the names can be imitated.
    """

    def __init__(self, listed: Sequence[ImitationTarget], approved: Sequence[str] = ()) -> None:
        pairs = [pair for app in approved if (pair := paired(app))]
        self.approved_ids = app_ids(approved)
        approved = [*(app for app in approved if not paired(app)), *(name for name, _ in pairs)]
        self.ids_by_name: dict[str, set[str]] = {}
        """Of apps approved as `name = id`: ids of 15 characters by folded name."""
        for name, app_id in pairs:
            self.ids_by_name.setdefault(folded(name), set()).add(app_id[:15])
        self._approved = [
            ImitationTarget(name, genuine=(name,))
            for name in approved
            if "*" not in name and len(folded(name)) >= _SHORTEST
        ]
        self._listed = listed
        self._patterns = [name for name in approved if "*" in name]

    def imitated(self, name: str) -> str | None:
        """What an app of this name imitates; None if nothing."""
        texts = readings(name)
        if any(app.is_genuine(name) for app in self._approved) or self._fits_a_pattern(name):
            return None
        like = [app for app in (*self._approved, *self._listed) if app.is_like(texts)]
        # Genuine is who is so for the entry that says most: `Salesforce Inc. Dataloader Bulk` is for none.
        return next((app.name for app in like if not app.is_genuine(name)), TURNED if is_turned(name) else None)

    def _fits_a_pattern(self, name: str) -> bool:
        return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in self._patterns)


class AppImitationColumns:
    """Columns for the apps of one org."""

    def __init__(self, apps: AppImitations) -> None:
        self._apps = apps
        self._cache = LookupCache(
            {FOLDED: pl.String(), IMITATES: pl.String()},
            lambda names: {name: (folded(name) or None, apps.imitated(name)) for name in names},
            longest=LONGEST,
        )

    def columns(
        self, names: pl.Series | None, callers: pl.Series | None, ids: pl.Series | None = None
    ) -> dict[str, pl.Series]:
        """Names of apps, what callers call themselves, ids of apps: `String`, row for row beside each other.

        A caller's word counts where the row names no app, for anybody writes it as he likes, hostile marks of direction
        too; it is not folded. An app whose id is approved imitates nobody.
        """
        found = {} if names is None else self._cache.columns(names)
        if names is not None and ids is not None and self._apps.ids_by_name:
            other = self._under_another_id(head(names, LONGEST), ids)
            like = found.get(IMITATES)
            found[IMITATES] = (other if like is None else like.zip_with(like.is_not_null(), other)).alias(IMITATES)
        of_callers = {} if callers is None else self._cache.columns(callers)
        first, second = found.get(IMITATES), of_callers.get(IMITATES)
        if second is not None:
            second = only_where(second, (second != TURNED).fill_null(False))
            second = second if names is None else only_where(second, names.is_null())
            found[IMITATES] = second if first is None else first.zip_with(first.is_not_null(), second)
        imitated = found.get(IMITATES)
        if imitated is not None and ids is not None and self._apps.approved_ids:
            found[IMITATES] = only_where(imitated, ~ids.is_in(self._apps.approved_ids).fill_null(False))
        return found

    def _under_another_id(self, names: pl.Series, ids: pl.Series) -> pl.Series:
        """The name, where it is that of an app whose id is given and the row has another one."""
        rows = pl.DataFrame({"name": names, "id": ids.str.head(15).replace("", None)})
        pairs = rows.drop_nulls().unique()
        wrong = [
            (name, app_id)
            for name, app_id in pairs.iter_rows()
            if (known := self._apps.ids_by_name.get(folded(name))) is not None and app_id not in known
        ]
        table = pl.DataFrame(wrong, schema={"name": pl.String, "id": pl.String}, orient="row")
        imitations = table.with_columns(pl.col("name").alias("imitated"))
        return rows.join(imitations, on=["name", "id"], how="left", maintain_order="left")["imitated"]
