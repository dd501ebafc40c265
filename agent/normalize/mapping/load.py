"""From folders of mapping files to `Mappings`."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import MappingError
from agent.normalize.mapping.document import parse
from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.mapping.interpret import FileText, Vocabulary, columns_of, interpret
from agent.normalize.mapping.mapping import ColumnKinds, Mapping, Mappings
from agent.yaml_lines.text_file import YamlFile, read_yaml

COLUMN_KINDS = ("integer", "decimal", "boolean", "truth", "id", "whole_id")
"""What `columns.yaml` may say of a column; any other is text."""


@dataclass
class _Contents:
    """What the folders hold, file by file, before event types are laid over what all types share."""

    errors: list[MappingError] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    tables: dict[str, dict[str, str]] = field(default_factory=dict)
    shared: dict[str, FileText] = field(default_factory=dict)
    types: dict[tuple[str, str], list[FileText]] = field(default_factory=dict)
    """Every file of an event type, in the order of the folders."""


def load_mappings(folders: Sequence[Path]) -> tuple[Mappings, list[MappingError]]:
    """Mappings from these folders, a later one replacing what an earlier one says of the same event type.

    A file that does not load is left out and reported; the others are used, so the shipped mapping of an event type
    stays in use while its replacement is wrong.
    """
    return of_files(folders, mapping_files(folders))


def mapping_files(folders: Sequence[Path]) -> dict[Path, bytes | OSError]:
    """The files of these folders with what they hold, or why they cannot be read."""
    return {path: _data(path) for folder in folders for path in sorted(folder.glob("**/*.yaml"))}


def _data(path: Path) -> bytes | OSError:
    try:
        return path.read_bytes()
    except OSError as error:
        return error


def of_files(folders: Sequence[Path], files: Dict[Path, bytes | OSError]) -> tuple[Mappings, list[MappingError]]:
    """As `load_mappings`, of files that were read already; they may be older than what the folders hold."""
    contents = _Contents()
    for folder in folders:
        if not folder.is_dir():
            contents.errors.append(MappingError(folder, 0, "no such folder", hint="check `normalize.mappings`"))
        _read_folder(folder, files, contents)
    vocabulary = Vocabulary(ecs_table(), ColumnKinds(contents.kinds, _described_columns(contents)), contents.tables)
    shared: dict[str, Mapping] = {}
    for service in list(contents.shared):
        if (general := _first_good(service, [None], contents, vocabulary)) is not None:
            shared[service] = general
        else:
            del contents.shared[service]
    by_type: dict[tuple[str, str], Mapping] = {}
    for (service, _), candidates in sorted(contents.types.items()):
        built = _first_good(service, candidates[::-1], contents, vocabulary)
        if built is not None:
            by_type |= {(service, name.lower()): built for name in (built.event_type, *built.aliases)}
    return Mappings(vocabulary.ecs, vocabulary.kinds, by_type, shared), contents.errors


def whole_mappings(folders: Sequence[Path]) -> Mappings:
    """As `load_mappings`; raises the first MappingError, for commands that cannot do with a part."""
    mappings, errors = load_mappings(folders)
    if errors:
        raise errors[0]
    return mappings


def _first_good(
    service: str, candidates: Sequence[FileText | None], contents: _Contents, vocabulary: Vocabulary
) -> Mapping | None:
    for own in candidates:
        try:
            return interpret(service, own, contents.shared.get(service), vocabulary)
        except MappingError as error:
            contents.errors.append(error)
    return None


def _read_folder(folder: Path, files: Dict[Path, bytes | OSError], contents: _Contents) -> None:
    for path in sorted(path for path in files if path.is_relative_to(folder)):
        try:
            _read_file(path, files[path], path.relative_to(folder).parts, contents)
        except MappingError as error:
            contents.errors.append(error)


def _read_file(path: Path, data: bytes | OSError, place: tuple[str, ...], contents: _Contents) -> None:
    if place[0] == "indicators" or not (len(place) == 2 or place == ("columns.yaml",)):
        return  # those are not mappings: enrichment reads them
    if isinstance(data, OSError):
        raise MappingError(path, 1, f"cannot be read ({data.strerror})")
    if place == ("columns.yaml",):
        contents.kinds |= _column_kinds(read_yaml(path, data))
    elif len(place) == 2 and place[0] == "tables":
        contents.tables[path.stem] = _table(read_yaml(path, data))
    elif len(place) == 2 and place[1] == "every_type.yaml":
        file = read_yaml(path, data)
        contents.shared[place[0]] = file, parse(file)
    elif len(place) == 2:
        file = read_yaml(path, data)
        text = parse(file)
        if not text.event_type:
            raise file.error((), "no `event_type`", hint="name the event type as the vendor spells it")
        contents.types.setdefault((place[0], text.event_type.lower()), []).append((file, text))


def _described_columns(contents: _Contents) -> frozenset[str]:
    written = [*contents.shared.values(), *(file for files in contents.types.values() for file in files)]
    return frozenset[str]().union(*(columns_of(text.header) for _, text in written))


def _column_kinds(file: YamlFile) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for kind, columns in file.content.items():
        if kind not in COLUMN_KINDS or not isinstance(columns, list):
            raise file.error(
                (kind,),
                f"`{kind}` is not a list of columns of a known kind",
                hint=f"write one of {', '.join(COLUMN_KINDS)}",
            )
        for index, column in enumerate(columns):
            if kinds.setdefault(column, kind) != kind:
                raise file.error(
                    (kind, index),
                    f"{column} has the kind {kinds[column]} above",
                    hint="remove one of them: a column has one kind",
                )
    return kinds


def _table(file: YamlFile) -> dict[str, str]:
    for key, value in file.content.items():
        if not isinstance(value, str):
            raise file.error((key,), f"`{key}` has no plain value", hint="write lines of `value: result`")
    return dict(file.content)
