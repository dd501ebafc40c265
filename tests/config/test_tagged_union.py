"""Unions of settings told apart by a key, of one member and of two."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent.config.settings import SourceSettings
from agent.config.settings_location import ExpectedType, locate
from agent.config.tagged_union import TaggedUnion
from agent.config.validation_message import error_lines


class _Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["letter"] = "letter"
    size: int = 1


class _Parcel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["parcel"] = "parcel"
    weight: int = 1


TAGGED = TaggedUnion("type", default="letter")
ALONE: Any = Annotated[_Letter, TAGGED]
BOTH: Any = Annotated[_Letter | _Parcel, TAGGED]


class _AloneShelf(BaseModel):
    things: list[ALONE]


class _Shelf(BaseModel):
    things: list[BOTH]


def refused(shelf: type[BaseModel], thing: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        shelf.model_validate({"things": [thing]})
    return error_lines(caught.value, shelf)


@pytest.mark.parametrize("shelf", [_AloneShelf, _Shelf])
def test_what_names_no_tag_is_of_the_default_one(shelf: type[BaseModel]) -> None:
    """Settings written when there was one kind mean the same when there are two."""
    read = shelf.model_validate({"things": [{}, {"size": 3}, {"type": "letter"}, _Letter(size=5)]})
    assert [thing.size for thing in read.things] == [1, 3, 1, 5]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("shelf", "tags"), [(_AloneShelf, "letter"), (_Shelf, "letter, parcel")])
def test_mistakes_are_said_alike_for_one_member_and_for_two(shelf: type[BaseModel], tags: str) -> None:
    """A path and what to write: at the tag, at what is not a mapping, and inside the member that was meant."""
    assert refused(shelf, {"type": "crate"}) == [f"things[0].type: 'crate' is not one of {tags}"]
    assert refused(shelf, "crate") == ["things[0]: this is not a mapping; write `key: value` lines"]
    assert refused(shelf, None) == ["things[0]: is empty; write a value, or remove the key"]
    assert refused(shelf, {"size": "x"}) == ["things[0].size: 'x' is not a whole number; write one such as 10"]
    assert refused(shelf, {"siez": 1}) == ["things[0].siez: there is no such setting; did you mean `size`?"]


def test_the_member_that_was_meant_explains_the_mistake() -> None:
    """A key of one member is unknown in the other."""
    assert refused(_Shelf, {"type": "parcel", "size": 1}) == [
        "things[0].size: there is no such setting; write one of type, weight"
    ]
    assert locate(_Shelf, ("things", 0)).tags == ["letter", "parcel"]


def test_the_json_schema_names_the_tag_and_each_member() -> None:
    """An editor, and a test that looks for members, find one as they find two."""
    for union, members in ((ALONE, ["_Letter"]), (BOTH, ["_Letter", "_Parcel"])):
        schema = TypeAdapter(union).json_schema()
        assert schema["discriminator"]["propertyName"] == "type"
        assert [path.rpartition("/")[2] for path in schema["discriminator"]["mapping"].values()] == members
        assert len(schema["oneOf"]) == len(members)


def test_sources_are_such_a_union() -> None:
    """The second source joins the first in one line, and a wrong type is named with the right ones."""
    tags = list(ExpectedType.of(SourceSettings).tags)
    assert sorted(tags) == list(TypeAdapter(SourceSettings).json_schema()["discriminator"]["mapping"])
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(SourceSettings).validate_python({"type": "log_file"})
    assert caught.value.errors()[0]["type"] == "union_tag_invalid"
