"""What the settings' model says of a place in a document: its path in words, its keys, the tags of its union."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.config.tagged_union import TaggedUnion
from agent.secret import SecretReference

Location = Sequence[str | int]
"""Where pydantic found an error: keys, numbers, and, in between, the member of a union that it tried."""

_SECRET_WORDS = ("secret", "token", "password", "key", "bearer")


@dataclass(frozen=True, slots=True)
class ExpectedType:
    """An annotation without `Annotated` and `None` around it."""

    annotation: Any
    tag_key: str = ""
    """What tells the members of a union apart."""

    @classmethod
    def of(cls, annotation: Any, tag_key: str = "") -> ExpectedType:
        while True:
            origin, arguments = get_origin(annotation), get_args(annotation)
            if origin is Annotated:
                keys = [extra.discriminator for extra in arguments[1:] if isinstance(extra, FieldInfo)]
                keys += [extra.key for extra in arguments[1:] if isinstance(extra, TaggedUnion)]
                tag_key = next((key for key in keys if isinstance(key, str)), tag_key)
                annotation = arguments[0]
            elif origin in (Union, UnionType) and len(set(arguments) - {NoneType}) == 1:
                annotation = next(argument for argument in arguments if argument is not NoneType)
            else:
                return cls(annotation, tag_key)

    @property
    def members(self) -> list[Any]:
        if get_origin(self.annotation) not in (Union, UnionType):
            return []
        return [argument for argument in get_args(self.annotation) if argument is not NoneType]

    @property
    def tags(self) -> Mapping[str, type[BaseModel]]:
        """The members of a union by their tags; empty where it is not a union with tags. There may be one member."""
        if not self.tag_key:
            return {}
        members = self.members or [self.annotation]
        return {tag: member for member in members for tag in get_args(member.model_fields[self.tag_key].annotation)}

    @property
    def model(self) -> type[BaseModel] | None:
        return self.annotation if isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel) else None

    def below(self, part: str | int) -> ExpectedType | None:
        """What is expected under a key or at a number; None where nothing is known."""
        arguments = get_args(self.annotation)
        if self.model is not None:
            field = self.model.model_fields.get(str(part))
            if field is None:
                return None
            return ExpectedType.of(
                field.annotation, field.discriminator if isinstance(field.discriminator, str) else ""
            )
        if get_origin(self.annotation) in (list, dict) and arguments:
            return ExpectedType.of(arguments[-1])
        return None


@dataclass(frozen=True, slots=True)
class SettingsPlace:
    """A place in a settings document."""

    path: str
    """As a person finds it: `orgs[0].auth.client_id`."""
    key: str
    """Its last part."""
    owner: type[BaseModel] | None
    """The model whose key it is."""
    tag_key: str
    tags: Sequence[str]
    """Where a union with tags is expected: the key of the tag, and the tags."""
    is_scalar: bool
    """Whether a plain value is expected."""
    is_secret: bool
    """Whether what stands here may be a secret."""
    alternative: Location
    """Where the innermost union without tags stands, in pydantic's words; empty if there is none."""

    @property
    def keys(self) -> list[str]:
        return list(self.owner.model_fields) if self.owner else []


def locate(model: type[BaseModel], location: Location) -> SettingsPlace:
    """The place that a pydantic error of `model` means."""
    expected: ExpectedType | None = ExpectedType.of(model)
    path, secret = "", False
    owner: type[BaseModel] | None = None
    alternative: Location = ()
    for number, part in enumerate(location):
        if expected is not None and expected.tags:
            expected = ExpectedType.of(expected.tags[str(part)]) if part in expected.tags else None
            continue
        if expected is not None and expected.members:
            # pydantic names a member of a union without tags here, in words that mean nothing in a settings file.
            alternative = tuple(location[:number])
            named = [member for member in expected.members if getattr(member, "__name__", "") == part]
            lists = [member for member in expected.members if get_origin(ExpectedType.of(member).annotation) is list]
            expected = ExpectedType.of((named or lists or [str])[0])
            continue
        if part == "[key]":
            continue
        owner = expected.model if expected is not None else None
        secret = secret or owner is SecretReference or any(word in str(part).lower() for word in _SECRET_WORDS)
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
        expected = expected.below(part) if expected is not None else None
    scalar = expected is not None and expected.model is None and not expected.tags
    scalar = scalar and get_origin(expected.annotation) is not dict if expected else False
    return SettingsPlace(
        path=path,
        key=str(location[-1]) if location else "",
        owner=owner,
        tag_key=expected.tag_key if expected else "",
        tags=list(expected.tags) if expected else [],
        is_scalar=scalar,
        is_secret=secret or (expected is not None and expected.annotation is SecretReference),
        alternative=alternative,
    )
