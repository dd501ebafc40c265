"""The settings file: the example works, and what is wrong is told."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel

from agent.assembly.enabled_rules import enabled_rules
from agent.config.settings import RuleSettings, Settings, parse
from agent.config.settings_files import load
from agent.enrichment.settings import EnrichSettings
from agent.errors import SettingsError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "packaging" / "leakline.example.yaml"

TOKENS = {"type": "object", "object": "oauthtoken", "fields": ["AppName"]}
USED_TOKENS = {**TOKENS, "object": "OauthToken", "time_field": "LastUsedDate"}


def minimal() -> dict[str, Any]:
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return {
        "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
        "destinations": [{"type": "file", "directory": "out"}],
    }


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every settings model an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated, list, dict):
        for part in get_args(annotation):
            yield from models(part)


def keys(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """The key of every setting below a model."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield field.alias or name
        for below in models(field.annotation):
            yield from keys(below, seen)


def test_the_example_is_well_formed() -> None:
    """The example settings file loads as it stands."""
    assert len(load(EXAMPLE).destinations) == 4


def test_the_example_speaks_of_rules_that_are_there() -> None:
    """Its adjustments and what it disables fit the shipped rules: whoever takes the comments out can start."""
    block = EXAMPLE.read_text().split("\n# rules:")[1].split("\n", 1)[1].split("# state:")[0]
    wanted = yaml.safe_load(re.sub("^# ", "", block, flags=re.MULTILINE))
    kept = {"adjust": wanted["adjust"], "minimum_level": wanted["minimum_level"], "fold": wanted["fold"]}
    rules = enabled_rules(RuleSettings(**kept), EnrichSettings())
    assert not rules.errors
    assert set(wanted["disabled"]) <= {rule.name for rule in rules}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["orgs"][0].pop("url"), "orgs[0].url: this setting is required"),
        (lambda d: d["orgs"][0].update(colour="red"), "orgs[0].colour: there is no such setting"),
        (
            lambda d: d["orgs"][0].update(timeout="5 lightyears"),
            "orgs[0].timeout: '5 lightyears' is not a span of time",
        ),
        (lambda d: d["orgs"][0].update(timeout="99999999999w"), "longer than a century"),
        (lambda d: d.update(rules={"adjust": {"x": {"timespan": "0s"}}}), "rules.adjust.x.timespan"),
        (lambda d: d["destinations"].append({"type": "kafka"}), "destinations[1].type: 'kafka' is not one of"),
        (
            lambda d: d["destinations"].append({"url": "x"}),
            "destinations[1]: missing `type`; write one of file, splunk, elastic, syslog",
        ),
        (lambda d: d["destinations"].append(d["destinations"][0]), "the name 'file' is used twice"),
        (lambda d: d.update(destinations=[]), "destinations"),
        (
            lambda d: d["orgs"][0]["auth"].update(client_secret="hunter2"),
            "a secret does not belong in the settings file",
        ),
        (lambda d: d["orgs"][0]["auth"]["client_secret"].update(file="x"), "write exactly one of"),
        (
            lambda d: d["orgs"][0].update(sources=[{**TOKENS, "time_field": "accesstoken"}]),
            "oauthtoken.accesstoken is a secret",
        ),
        (
            lambda d: d.update(
                orgs=[
                    {**d["orgs"][0], "sources": [TOKENS]},
                    {**d["orgs"][0], "name": "beta", "url": "https://beta.example", "sources": [USED_TOKENS]},
                ]
            ),
            "acme reads oauthtoken by SystemModstamp, and beta by LastUsedDate; write the same `time_field`",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_path(change: Any, words: str) -> None:
    """An error has the key path and what to write; a secret is never repeated."""
    document = minimal()
    change(document)
    with pytest.raises(SettingsError) as caught:
        parse(document)
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    """One line for each thing that is wrong."""
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump({"orgs": [{"name": "a"}], "destinations": [{"type": "file"}]}))
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert len(str(caught.value).splitlines()) == 3


def test_no_file_and_no_yaml_are_told(tmp_path: Path) -> None:
    """A missing file and a broken one are wrong configuration, not a crash."""
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "broken.yaml").write_text("orgs: [")
    with pytest.raises(SettingsError, match="is not YAML"):
        load(tmp_path / "broken.yaml")
    (tmp_path / "broken.yaml").write_text("since: 2026-02-30")
    with pytest.raises(SettingsError, match="is not YAML"):
        load(tmp_path / "broken.yaml")
    (tmp_path / "broken.yaml").write_bytes(b"orgs: \xff")
    with pytest.raises(SettingsError, match="is not valid UTF-8"):
        load(tmp_path / "broken.yaml")


def test_a_setting_that_stands_there_twice_is_told(tmp_path: Path) -> None:
    """YAML would keep the last one: a second block of rules must not undo the first."""
    path = tmp_path / "leakline.yaml"
    path.write_text(yaml.safe_dump(minimal()) + "rules: {fold: 2h}\nlog: {level: info}\nrules: {shipped: false}\n")
    line = len(path.read_text().splitlines())
    with pytest.raises(
        SettingsError, match=rf"leakline.yaml:{line}: duplicate key `rules` \(first at line {line - 2}\)"
    ):
        load(path)


CANARY = "hunter2-canary"

KEYS = sorted(set(keys(Settings, set())))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.just(CANARY),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | SCALARS, below, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    if path:
        yield path
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, (*path, key))


def example() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    return document


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for part in path[:-1]:
        document = document[part]
    document[path[-1]] = value


@hypothesis_settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(list(places(example()))), value=VALUES)
def test_any_value_at_any_place_is_taken_or_refused(path: tuple[Any, ...], value: Any) -> None:
    """Whatever stands in a settings file: settings, or a SettingsError."""
    document = example()
    put(document, path, value)
    try:
        parse(document)
    except SettingsError as error:
        assert str(error)


SECRET_PLACES = [
    ("orgs", 0, "auth"),
    ("orgs", 0, "auth", "key"),
    ("destinations", 0, "token"),
    ("destinations", 1, "api_key"),
]


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(SECRET_PLACES),
    value=st.recursive(st.just(CANARY), lambda below: st.lists(below) | st.dictionaries(st.just(CANARY), below)),
)
def test_what_stands_where_a_secret_is_named_is_never_shown(path: tuple[Any, ...], value: Any) -> None:
    """A secret put there itself, in whatever brackets, is not in the message."""
    document = example()
    put(document, path, value)
    with pytest.raises(SettingsError) as caught:
        parse(document)
    assert CANARY not in str(caught.value)


@hypothesis_settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("abc:-[]{}&*!|>'\"#%@`,? \n\t<0.\x00é"), max_size=60))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Whatever a settings file is made of, it ends in settings or in a SettingsError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leakline.yaml"
        path.write_bytes(text.encode())
        with pytest.raises(SettingsError):
            load(path)
