from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.mapping.load import load_mappings
from agent.normalize.mapping.mapping import Choice, Mappings
from agent.normalize.mapping.value_kinds import VALUE_KINDS
from agent.shipped import shipped

SERVICE = "event_log_file"


@pytest.fixture(scope="module")
def mappings() -> Mappings:
    loaded, errors = load_mappings([shipped("mappings")])
    assert not errors, [str(error) for error in errors]
    return loaded


def folder(tmp_path: Path, text: str, name: str = f"{SERVICE}/Made.yaml") -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return tmp_path


def the_error(tmp_path: Path, text: str) -> str:
    loaded, errors = load_mappings([shipped("mappings"), folder(tmp_path, text)])
    assert len(errors) == 1
    assert len(loaded.all()) == 150
    return str(errors[0]).removeprefix(f"{tmp_path}/{SERVICE}/")


def test_all_event_types_are_mapped(mappings: Mappings) -> None:
    """Each of the 78 known types of log files, of the 22 real-time events and of the objects has a file of its own name."""
    numbers = {"event_log_object": 37, "setup_audit_trail": 1, "login_history": 1, "provisioning": 5, "sessions": 2}
    for service, number in {SERVICE: 78, "real_time_event_monitoring": 22, **numbers}.items():
        files = {path.stem for path in (shipped("mappings") / service).glob("*.yaml")} - {"every_type"}
        assert {mapping.event_type for mapping in mappings.all() if mapping.service == service} == files
        assert len(files) == number


def test_a_family_is_one_word(tmp_path: Path) -> None:
    """A data set that could not stand in the name of a data stream is refused."""
    error = the_error(tmp_path, "event_type: Made\ndataset: My-Family\n")
    assert error.startswith("Made.yaml:2: `My-Family` is not a family of events")


def test_every_type_says_what_happened(mappings: Mappings) -> None:
    """Every mapping has an action and an event type; all but an error of the code have a category."""
    for mapping in mappings.all():
        assert list(mapping.action.results()), mapping.event_type
        assert list(mapping.type.results()), mapping.event_type
        assert list(mapping.category.results()) or mapping.event_type.startswith("ApexUnexpected")


def test_event_types_go_with_their_categories(mappings: Mappings) -> None:
    """ECS expects each event.type a mapping can give beside one of its categories."""
    allowed = ecs_table().fields["event.category"].values
    for mapping in mappings.all():
        expected = {kind for words in mapping.category.results() for word in words for kind in allowed[word]}
        given = {word for words in mapping.type.results() for word in words}
        assert not expected or given <= expected, mapping.event_type


def test_every_column_is_at_home_somewhere(mappings: Mappings) -> None:
    """No column of a known header is without a field, and no two share one but a pair of ids or times."""
    for mapping in mappings.all():
        fields: dict[str, str] = {}
        for column in sorted(mapping.header):
            target = mapping.target(column, mapping.header)
            assert target is not None, (mapping.event_type, column)
            other = fields.setdefault(target.field, column)
            assert other == column or target.value_kind == "time" or column == f"{other}_DERIVED"


def test_a_field_has_one_kind_over_all_types(mappings: Mappings) -> None:
    """No field is a number in one event type and text in another."""
    kinds: dict[str, set[str]] = {}
    for mapping in mappings.all():
        for column in mapping.header:
            target = mapping.target(column, mapping.header)
            assert target is not None
            plain = {**dict.fromkeys(("long_id", "id", "whole_id", "url_decoded"), "text"), "truth": "boolean"}
            kind = plain.get(target.value_kind, target.value_kind)
            kinds.setdefault(target.field, set()).add(kind)
    assert {field: kind for field, kind in kinds.items() if len(kind) > 1} == {}


def test_kinds_are_known(mappings: Mappings) -> None:
    """Every kind of value that a target field has can be read and written."""
    known = {*VALUE_KINDS, "time", "address"}
    assert {target.value_kind for mapping in mappings.all() for target in mapping.targets.values()} <= known


def test_alias_and_case(mappings: Mappings) -> None:
    """An event type is found by the spelling of the documents, too, and in any case."""
    assert mappings.get(SERVICE, "AsynchronousReportRun").event_type == "AsyncReportRun"
    assert mappings.get(SERVICE, "CspViolation").event_type == "CSPViolation"
    assert mappings.get(SERVICE, "login").event_type == "Login"


def test_fields_of_a_type(mappings: Mappings) -> None:
    """The columns of a type's header, with the field that holds each."""
    fields = mappings.get(SERVICE, "Login").fields()
    assert fields["LOGIN_STATUS"] == "event.code"
    assert fields["USER_ID"] == fields["USER_ID_DERIVED"] == "user.id"
    assert fields["RUN_TIME"] == "salesforce.run_time"
    assert "ROW_COUNT" not in fields


def test_own_folder_replaces_a_shipped_mapping(tmp_path: Path) -> None:
    """A later folder's file stands for the shipped one of the same event type, whatever its case."""
    own = folder(tmp_path, "event_type: login\ncategory: [session]\ntype: [start]\naction: my-login\n")
    loaded, errors = load_mappings([shipped("mappings"), own])
    assert not errors
    assert loaded.get(SERVICE, "Login").action == Choice((), "my-login")
    assert loaded.get(SERVICE, "Logout").event_type == "Logout"


def test_a_wrong_replacement_leaves_the_shipped_mapping(tmp_path: Path) -> None:
    """While a replacement has a mistake, the event type is mapped as before."""
    own = folder(tmp_path, "event_type: Login\ncategory: [leak]\n")
    loaded, errors = load_mappings([shipped("mappings"), own])
    assert len(errors) == 1
    assert loaded.get(SERVICE, "Login").category == Choice((), ("authentication",))


def test_a_wrong_shared_file_is_reported_once(tmp_path: Path) -> None:
    """A mistake in what all types share is told at its own line, and the types stand without it."""
    own = folder(tmp_path, "fields:\n  FOO: user.nmae\n", f"{SERVICE}/every_type.yaml")
    loaded, errors = load_mappings([shipped("mappings"), own])
    assert [str(error).startswith(f"{own}/{SERVICE}/every_type.yaml:2: ") for error in errors] == [True]
    assert len(loaded.all()) == 150


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    """A folder that is not there is an error of its own; what is there is used."""
    loaded, errors = load_mappings([shipped("mappings"), tmp_path / "none"])
    assert len(loaded.all()) == 150
    assert "no such folder" in str(errors[0])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("event_type: Made\nfields:\n  FOO: user.nmae\n", 3, "has no field user.nmae"),
        ("event_type: Made\nfields:\n  FOO: leakline.drill.id\n", 3, "leakline.drill.id is for Leakline alone"),
        ("event_type: Made\nalso:\n  leakline.alert.history: FOO\n", 3, "is for Leakline alone"),
        ("event_type: Made\nfields:\n  FOO: event.category\n", 3, "cannot hold a cell"),
        ("event_type: Made\nalso:\n  user.name: {from: FOO, as: magic}\n", 3, "unknown conversion `magic`"),
        ("event_type: Made\nalso:\n  user.name: {from: FOO, table: none}\n", 3, "no table `none`"),
        ("event_type: Made\ncategory: [leak]\n", 2, "`leak` is not an event.category"),
        ("event_type: Made\noutcome:\n  FOO: {a: good}\n", 2, "`good` is not an event.outcome"),
        ("event_type: Made\naction: Did It\n", 2, "is not an action"),
        ("event_type: Made\ncolour: red\n", 2, "colour"),
        ("event_type: Made\nheader: A\n\nevent_type: Twice\n", 4, "given twice"),
        ("event_type: Made\n  bad: [\n", 2, "not valid YAML"),
        ("action: made\n", 1, "no `event_type`"),
        ("- a list\n", 1, "`key: value`"),
        ("event_type: Made\nheader: A, B\nfields:\n  A: message\n  B: message\n", 5, "share message"),
    ],
)
def test_an_error_names_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    """A mapping that does not load is left out and reported with its line; all others load."""
    message = the_error(tmp_path, text)
    assert message.startswith(f"Made.yaml:{line}: "), message
    assert words in message


def test_a_column_has_one_kind(tmp_path: Path) -> None:
    """The type table refuses to say two things of one column."""
    text = "integer:\n  - FOO\ndecimal:\n  - FOO\n"
    _, errors = load_mappings([folder(tmp_path, text, "columns.yaml")])
    assert re.search(r"columns\.yaml:4: FOO has the kind integer above", str(errors[0]))
