"""From folders of mapping files to `Mappings`. `mappings/README.md` describes the files to those who write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agent.errors import MappingError
from agent.normalize.conversion import CONVERSIONS, default_conversion
from agent.normalize.ecs_fields import EcsTable, ecs_table
from agent.normalize.mapping import Choice, ColumnKinds, Derived, Home, Mapping, Mappings, kind_of
from agent.normalize.yaml_file import YamlFile, read_yaml

KINDS = ("integer", "decimal", "boolean", "id")
"""What `columns.yaml` may say of a column; any other is text."""

_ACTION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OWN_FIELD = re.compile(r"(salesforce|leakline)\.[a-z0-9_]+(\.[a-z0-9_]+)*")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _HomeText(_Strict):
    field: str
    kind: str = Field(alias="as")


class _DerivedText(_Strict):
    columns: list[str] = Field(alias="from")
    conversion: str | None = Field(default=None, alias="as")
    table: str | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


_Source = str | list[str] | _DerivedText | None
_Cases = dict[str, str | dict[str, str]]
_ListCases = dict[str, list[str] | dict[str, list[str]]]


class _Text(_Strict):
    """A mapping file as written."""

    event_type: str | None = None
    aliases: list[str] = []
    header: str = ""
    kind: str = "event"
    category: list[str] | _ListCases = []
    type: list[str] | _ListCases = []
    action: str | _Cases | None = None
    outcome: str | _Cases | None = None
    url: str | None = None
    fields: dict[str, str | _HomeText] = {}
    also: dict[str, _Source] = {}


@dataclass
class _Loading:
    ecs: EcsTable
    errors: list[MappingError] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    shared: dict[str, tuple[YamlFile, _Text]] = field(default_factory=dict)
    types: dict[tuple[str, str], tuple[YamlFile, _Text]] = field(default_factory=dict)


def load_mappings(folders: Sequence[Path]) -> tuple[Mappings, list[MappingError]]:
    """Mappings from these folders, a later one replacing what an earlier one says of the same event type.

    A file that does not load is left out and reported; the others are used.
    """
    loading = _Loading(ecs_table())
    for folder in folders:
        if not folder.is_dir():
            loading.errors.append(MappingError(folder, 0, "no such folder", hint="check `normalize.mappings`"))
        _read_folder(folder, loading)
    kinds = ColumnKinds(loading.kinds)
    shared = {service: _build(service, None, loading, kinds) for service in loading.shared}
    by_type = {}
    for (service, _), (file, text) in sorted(loading.types.items()):
        try:
            built = _build(service, (file, text), loading, kinds)
        except MappingError as error:
            loading.errors.append(error)
            continue
        for name in (built.event_type, *built.aliases):
            by_type[service, name.lower()] = built
    return Mappings(loading.ecs, kinds, by_type, shared), loading.errors


def _read_folder(folder: Path, loading: _Loading) -> None:
    for path in sorted(folder.glob("**/*.yaml")):
        try:
            _read_file(path, path.relative_to(folder).parts, loading)
        except MappingError as error:
            loading.errors.append(error)


def _read_file(path: Path, place: tuple[str, ...], loading: _Loading) -> None:
    if place == ("columns.yaml",):
        loading.kinds |= _column_kinds(read_yaml(path))
    elif len(place) == 2 and place[0] == "tables":
        loading.tables[path.stem] = _table(read_yaml(path))
    elif len(place) == 2 and place[1] == "every_type.yaml":
        loading.shared[place[0]] = _parse(read_yaml(path))
    elif len(place) == 2:
        file, text = _parse(read_yaml(path))
        if not text.event_type:
            raise file.error((), "no `event_type`", hint="name the event type as the vendor spells it")
        loading.types[place[0], text.event_type.lower()] = file, text


def _column_kinds(file: YamlFile) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for kind, columns in file.content.items():
        if kind not in KINDS or not isinstance(columns, list):
            raise file.error(
                (kind,), f"`{kind}` is no list of columns of a known kind", hint=f"one of {', '.join(KINDS)}"
            )
        for index, column in enumerate(columns):
            if kinds.setdefault(column, kind) != kind:
                raise file.error((kind, index), f"{column} is {kinds[column]} above", hint="a column has one kind")
    return kinds


def _table(file: YamlFile) -> dict[str, str]:
    for key, value in file.content.items():
        if not isinstance(value, str):
            raise file.error((key,), f"`{key}` has no plain value", hint="a table is lines of `value: result`")
    return dict(file.content)


def _parse(file: YamlFile) -> tuple[YamlFile, _Text]:
    try:
        return file, _Text.model_validate(file.content)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = first["loc"]
        name = ".".join(str(part) for part in where if str(part) in "".join(map(str, where)))
        raise file.error(where, f"`{name}`: {first['msg'].lower()}", hint="see mappings/README.md") from invalid


@dataclass(frozen=True)
class _Builder:
    """Turns the text of one file, laid over the text all types of its service share, into a mapping."""

    file: YamlFile
    loading: _Loading
    kinds: ColumnKinds

    def homes(self, fields: Dict[str, str | _HomeText]) -> Iterator[tuple[str, Home]]:
        for column, home in fields.items():
            target = home if isinstance(home, str) else home.field
            self.check_field(target, ("fields", column))
            kind = kind_of(target, column, self.loading.ecs, self.kinds)
            if not isinstance(home, str):
                kind = home.kind if home.kind == "url_decoded" else None
            if kind is None:
                raise self.file.error(("fields", column), f"{target} cannot hold a cell of {column}")
            yield column, Home(target, kind)

    def derived(self, also: Dict[str, _Source]) -> Iterator[Derived]:
        for target, source in also.items():
            self.check_field(target, ("also", target))
            if source is None:
                continue
            text = source if isinstance(source, _DerivedText) else _DerivedText.model_validate({"from": source})
            table = self.table(text.table, ("also", target)) if text.table else None
            conversion = text.conversion or default_conversion(target, self.loading.ecs)
            if conversion not in CONVERSIONS:
                known = ", ".join(sorted(CONVERSIONS))
                raise self.file.error(("also", target), f"unknown conversion `{conversion}`", hint=f"one of {known}")
            yield Derived(target, tuple(text.columns), conversion, table)

    def words(self, key: str, text: str | _Cases | None) -> Choice[str]:
        if text is None or isinstance(text, str):
            choice: Choice[str] = Choice((), text)
        else:
            cases = {column: words for column, words in text.items() if column != "otherwise"}
            tables = {c: self.table(w, (key, c)) if isinstance(w, str) else w for c, w in cases.items()}
            otherwise = text.get("otherwise")
            choice = Choice(tuple(tables.items()), otherwise if isinstance(otherwise, str) else None)
        for word in choice.results():
            self.check_word(key, word)
        return choice

    def lists(self, key: str, text: list[str] | _ListCases) -> Choice[tuple[str, ...]]:
        if isinstance(text, list):
            choice: Choice[tuple[str, ...]] = Choice((), tuple(text) or None)
        else:
            cases = tuple(
                (column, {value: tuple(words) for value, words in cases.items()})
                for column, cases in text.items()
                if isinstance(cases, dict)
            )
            otherwise = text.get("otherwise")
            choice = Choice(cases, tuple(otherwise) if isinstance(otherwise, list) else None)
        for words in choice.results():
            for word in words:
                self.check_word(key, word)
        return choice

    def table(self, name: str, where: tuple[str, ...]) -> dict[str, str]:
        if name not in self.loading.tables:
            raise self.file.error(where, f"there is no table `{name}`", hint="tables are files in mappings/tables")
        return self.loading.tables[name]

    def check_field(self, target: str, where: tuple[str, ...]) -> None:
        if target not in self.loading.ecs.fields and not _OWN_FIELD.fullmatch(target):
            version = self.loading.ecs.version
            raise self.file.error(where, f"ECS {version} has no field {target}", hint="use salesforce.<column> instead")

    def check_word(self, key: str, word: str) -> None:
        if key == "action":
            if not _ACTION.fullmatch(word):
                raise self.file.error((key,), f"`{word}` is no action", hint="a phrase like `report-exported`")
            return
        allowed = self.loading.ecs.fields[f"event.{key}"].values
        if word not in allowed:
            raise self.file.error((key,), f"ECS allows no event.{key} `{word}`", hint=f"one of {', '.join(allowed)}")

    def check_homes(self, homes: Dict[str, Home]) -> None:
        """Two columns in one field would lose one of the cells; only the two spellings of the time share theirs."""
        taken: dict[str, str] = {}
        for column, home in homes.items():
            other = taken.setdefault(home.field, column)
            if other != column and home.kind != "time":
                raise self.file.error(("fields", column), f"{column} and {other} share {home.field}", hint="move one")


def _build(service: str, own: tuple[YamlFile, _Text] | None, loading: _Loading, kinds: ColumnKinds) -> Mapping:
    shared_file, shared = loading.shared.get(service, (None, _Text()))
    file, text = own or (shared_file, shared)
    if file is None:
        raise AssertionError("neither a type nor what types share")
    builder = _Builder(file, loading, kinds)
    homes = dict(builder.homes(shared.fields)) if own else {}
    header = frozenset(re.findall(r"[^\s,]+", text.header or shared.header))
    own_homes = dict(builder.homes(text.fields))
    taken = {home.field for home in own_homes.values()}
    # A type that gives a shared field to a column of its own sends the shared column home to `salesforce.*`.
    homes = {column: home for column, home in homes.items() if home.field not in taken} | own_homes
    url = text.url or shared.url
    if url is not None and "url.original" not in taken:
        homes[url] = Home("url.original", "text")
    builder.check_homes({column: home for column, home in homes.items() if column in header})
    builder.check_word("kind", text.kind)
    at_home = {home.field for home in homes.values()}
    also = {field: source for field, source in {**shared.also, **text.also}.items() if field not in at_home}
    return Mapping(
        service=service,
        event_type=text.event_type or "",
        ecs=loading.ecs,
        kinds=kinds,
        aliases=tuple(text.aliases),
        header=header,
        event_kind=text.kind,
        category=builder.lists("category", text.category or shared.category),
        type=builder.lists("type", text.type or shared.type),
        action=builder.words("action", text.action or shared.action),
        outcome=builder.words("outcome", text.outcome or shared.outcome),
        url=url,
        homes=homes,
        derived=tuple(builder.derived(also)),
    )
