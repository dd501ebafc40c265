"""A union of settings told apart by a key, which stays one when it has a single member.

pydantic's `Field(discriminator=...)` refuses `A` alone, and `Union[A]` is `A`: the first member would be another kind of
setting than it is once the second one joins, with other messages and another JSON schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """Annotates a model, or a union of models, each of which has a `Literal` under `key`."""

    key: str
    default: str
    """The tag of what does not name any."""

    def tags(self, union: Any) -> Mapping[str, type[BaseModel]]:
        """The members of `A | B`, or of `A` alone, by their tags."""
        members = get_args(union) or (union,)
        return {tag: member for member in members for tag in get_args(member.model_fields[self.key].annotation)}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """See pydantic. The JSON schema has `oneOf` and `discriminator`, as that of any tagged union."""
        choices = {tag: handler.generate_schema(member) for tag, member in self.tags(source).items()}
        tagged = core_schema.tagged_union_schema(choices, self.key)
        return core_schema.no_info_before_validator_function(self._with_tag, tagged)

    def _with_tag(self, value: Any) -> Any:
        return {self.key: self.default, **value} if isinstance(value, dict) else value
