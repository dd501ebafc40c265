"""From the text of a mapping file to a `Mapping`, checked against ECS and the column type table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from agent.normalize.mapping.conversion import CONVERSIONS, default_conversion
from agent.normalize.mapping.document import (
    Cases,
    ConditionText,
    DerivedText,
    FieldText,
    ListCases,
    MappingText,
    Source,
)
from agent.normalize.mapping.ecs_fields import EcsTable
from agent.normalize.mapping.mapping import Choice, ColumnKinds, DerivedField, Mapping, TargetField, value_kind_of
from agent.normalize.mapping.row_condition import RowCondition
from agent.normalize.mapping.setup_words import setup_action_words, setup_category_words, setup_type_words
from agent.yaml_lines.text_file import YamlFile

ACTION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DATASET = re.compile(r"[a-z][a-z0-9_]*")
OWN_FIELD = re.compile(r"(salesforce|leakline)\.[a-z0-9_]+(\.[a-z0-9_]+)*")
SAID_BY_LEAKLINE = tuple(
    f"leakline.{name}."
    for name in (
        *("alert", "baseline", "clock", "correlation", "drill", "drill_result", "escalation", "incident"),
        *("measure", "message", "problem", "rule", "trail"),
    )
)
"""What a row of an org must not say of itself: that it is of a drill, or long past, would let its alerts start no clock."""

FileText = tuple[YamlFile, MappingText]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What mapping files may refer to: fields of ECS, columns with their kinds of value, tables."""

    ecs: EcsTable
    kinds: ColumnKinds
    tables: Dict[str, dict[str, str]]


@dataclass(frozen=True)
class _Interpreter:
    """Turns the text of one file, laid over the text all types of its service share, into a mapping."""

    file: YamlFile
    vocabulary: Vocabulary

    def targets(self, fields: Dict[str, str | FieldText]) -> Iterator[tuple[str, TargetField]]:
        """Of `fields`: each column and the field that holds its cells."""
        for column, text in fields.items():
            field = text if isinstance(text, str) else text.field
            self.check_field(field, ("fields", column))
            kind = value_kind_of(field, column, self.vocabulary.ecs, self.vocabulary.kinds)
            if not isinstance(text, str):
                # The one conversion that gives the cell back; others belong under `also`.
                kind = text.conversion if text.conversion == "url_decoded" else None
            if kind is None:
                raise self.file.error(("fields", column), f"{field} cannot hold a cell of {column}")
            yield column, TargetField(field, kind)

    def derived(self, also: Dict[str, Source]) -> Iterator[DerivedField]:
        """Of `also`, in its order, for a field may be worked out from one before it."""
        for field, source in also.items():
            self.check_field(field, ("also", field))
            if source is None:
                continue
            text = source if isinstance(source, DerivedText) else DerivedText.model_validate({"from": source})
            table = self.table(text.table, ("also", field)) if text.table else None
            conversion = text.conversion or default_conversion(field, self.vocabulary.ecs)
            if conversion not in CONVERSIONS:
                known = ", ".join(sorted(CONVERSIONS))
                raise self.file.error(
                    ("also", field), f"unknown conversion `{conversion}`", hint=f"write one of {known}"
                )
            if text.times and conversion != "integer":
                raise self.file.error(("also", field), "`times` needs a whole number", hint="write `as: integer`")
            unless = tuple(_condition(excluded) for excluded in text.unless)
            yield DerivedField(
                field, tuple(text.columns), conversion, table, _condition(text.where), unless, text.times
            )

    def words(self, key: str, text: str | Cases | None) -> Choice[str]:
        """Of `action` or `outcome`. `otherwise` stands among the columns' names: no column can be called that."""
        if text is None or isinstance(text, str):
            choice: Choice[str] = Choice((), text)
        else:
            cases = {column: words for column, words in text.items() if column != "otherwise"}
            tables = {
                column: self.table(words, (key, column)) if isinstance(words, str) else words
                for column, words in cases.items()
            }
            otherwise = text.get("otherwise")
            choice = Choice(tuple(tables.items()), otherwise if isinstance(otherwise, str) else None)
        for word in choice.results():
            self.check_word(key, word)
        return choice

    def lists(self, key: str, text: list[str] | ListCases) -> Choice[tuple[str, ...]]:
        """Of `category` or `type`, which are arrays in ECS; otherwise as `words`."""
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
        if name not in self.vocabulary.tables:
            raise self.file.error(where, f"there is no table `{name}`", hint="name a file of mappings/tables")
        return self.vocabulary.tables[name]

    def check_field(self, field: str, where: tuple[str, ...]) -> None:
        if field not in self.vocabulary.ecs.fields and not OWN_FIELD.fullmatch(field):
            version = self.vocabulary.ecs.version
            raise self.file.error(where, f"ECS {version} has no field {field}", hint="use salesforce.<column> instead")
        if field.startswith(SAID_BY_LEAKLINE):
            raise self.file.error(where, f"{field} is for Leakline alone", hint="write another name")

    def check_dataset(self, family: str | None) -> None:
        if family is not None and not DATASET.fullmatch(family):
            raise self.file.error(
                ("dataset",), f"`{family}` is not a family of events", hint="write one word, such as `api`"
            )

    def check_word(self, key: str, word: str) -> None:
        if key == "action":
            if not ACTION.fullmatch(word):
                raise self.file.error(
                    (key,), f"`{word}` is not an action", hint="write a phrase like `report-exported`"
                )
            return
        allowed = self.vocabulary.ecs.fields[f"event.{key}"].values
        if word not in allowed:
            raise self.file.error(
                (key,), f"`{word}` is not an event.{key} of ECS", hint=f"write one of {', '.join(allowed)}"
            )

    def check_targets(self, targets: Dict[str, TargetField]) -> None:
        """Two columns in one field would lose one of the cells; only the two spellings of the time share one field."""
        taken: dict[str, str] = {}
        for column, target in targets.items():
            other = taken.setdefault(target.field, column)
            if other != column and target.value_kind != "time":
                raise self.file.error(
                    ("fields", column),
                    f"{column} and {other} share {target.field}",
                    hint="move one of them to another field",
                )


def columns_of(header: str) -> frozenset[str]:
    """The columns that a `header` lists."""
    return frozenset(re.findall(r"[^\s,]+", header))


def _condition(text: ConditionText) -> RowCondition:
    cases = ((name, (values,) if isinstance(values, str) else tuple(values)) for name, values in text.items())
    return RowCondition(tuple(cases))


def interpret(service: str, own: FileText | None, shared: FileText | None, vocabulary: Vocabulary) -> Mapping:
    """The mapping of one event type, or with `own` None of what all types share. At least one of the two is given.

    Raises MappingError for a field, word, table or conversion that does not exist, or two columns in one field.
    """
    written = own or shared
    if written is None:
        raise ValueError("nothing to interpret")
    file, text = written
    general = shared[1] if shared is not None else MappingText()
    interpreter = _Interpreter(file, vocabulary)
    own_targets = dict(interpreter.targets(text.fields))
    taken = {target.field for target in own_targets.values()}
    # A type that gives a shared field to a column of its own sends the shared column back to `salesforce.*`.
    shared_targets = dict(interpreter.targets(general.fields))
    targets = {column: target for column, target in shared_targets.items() if target.field not in taken} | own_targets
    url = text.url or general.url
    if url is not None and "url.original" not in taken:
        targets[url] = TargetField("url.original", "text")
    header = columns_of(text.header or general.header)
    interpreter.check_targets({column: target for column, target in targets.items() if column in header})
    interpreter.check_word("kind", text.event_kind)
    interpreter.check_dataset(text.dataset)
    setup = text.setup_action or general.setup_action
    filled = {target.field for target in targets.values()}
    also = {field: source for field, source in {**general.also, **text.also}.items() if field not in filled}
    return Mapping(
        service=service,
        event_type=text.event_type or "",
        ecs=vocabulary.ecs,
        kinds=vocabulary.kinds,
        aliases=tuple(text.aliases),
        header=header,
        dataset=text.dataset or general.dataset or "",
        event_kind=text.event_kind,
        category=setup_category_words(interpreter.lists("category", text.category or general.category), setup),
        type=setup_type_words(interpreter.lists("type", text.type or general.type), setup),
        action=setup_action_words(interpreter.words("action", text.action or general.action), setup),
        outcome=interpreter.words("outcome", text.outcome or general.outcome),
        url=url,
        type_column=text.type_column or general.type_column,
        setup_action=setup,
        actions=text.actions or general.actions,
        targets=targets,
        derived=tuple(interpreter.derived(also)),
    )
