"""What pydantic finds wrong with a settings document, as `key.path: what is wrong; what to write`.

What is right at a place (keys, tags, kinds of value) is taken from the model at that place, never from a list of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.config.settings_location import SettingsPlace, locate
from agent.name import shortened
from agent.redaction.redaction import without_credentials
from agent.secret import PLAIN, SecretReference

_NOT_A = {
    "list_type": ("list", "begin the line of each entry with `- `"),
    "dict_type": ("mapping", "write `key: value` lines"),
    "model_type": ("mapping", "write `key: value` lines"),
    "model_attributes_type": ("mapping", "write `key: value` lines"),
    "string_type": ("text", "put it in quotes"),
    "path_type": ("path", "put it in quotes"),
    "int_type": ("whole number", "write one without quotes"),
    "int_parsing": ("whole number", "write one such as 10"),
    "int_parsing_size": ("usable number", "write a smaller one"),
    "int_from_float": ("whole number", "write one such as 10"),
    "float_type": ("number", "write one such as 0.5"),
    "float_parsing": ("number", "write one such as 0.5"),
    "finite_number": ("number", "write one such as 0.5"),
    "bool_type": ("truth value", "write true or false"),
    "bool_parsing": ("truth value", "write true or false"),
}
_BOUNDS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def error_lines(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """A line for each thing that is wrong in a document for `model`; no line repeats what may be a secret."""
    lines: dict[str, list[str]] = {}
    for place, found in _relevant([(locate(model, found["loc"]), found) for found in error.errors()]):
        path, message = _explain(place, found)
        messages = lines.setdefault(path, [])
        if message not in messages:
            messages.append(message)
    return [f"{path}{': ' if path else ''}{'; or: '.join(messages)}" for path, messages in lines.items()]


def _relevant(found: Sequence[tuple[SettingsPlace, Any]]) -> Iterator[tuple[SettingsPlace, Any]]:
    """Without what the members of a union say that are not meant: a list with a wrong entry need not be a word."""
    meant = {place.alternative for place, error in found if _fits(place, error)}
    for place, error in found:
        if not place.alternative or place.alternative not in meant or _fits(place, error):
            yield place, error


def _fits(place: SettingsPlace, error: Mapping[str, Any]) -> bool:
    """Whether a member of a union found the value of its kind, and something wrong within it."""
    is_within = len(error["loc"]) > len(place.alternative) + 1
    return is_within or error["type"] not in (*_NOT_A, "literal_error")


def _explain(place: SettingsPlace, error: Mapping[str, Any]) -> tuple[str, str]:
    """(path, message) of one pydantic error."""
    kind, context, path = error["type"], error.get("ctx", {}), place.path
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return path, "this setting is required"
    if kind == "union_tag_not_found":
        return path, f"missing `{place.tag_key}`; write one of {', '.join(place.tags)}"
    if kind == "union_tag_invalid":
        return f"{path}.{place.tag_key}", f"{shortened(context.get('tag'))} is not one of {', '.join(place.tags)}"
    if kind in ("value_error", PLAIN):
        return path, str(error["msg"]).removeprefix("Value error, ")
    value = _shown(place, error.get("input"))
    if kind in _NOT_A and error.get("input") is None:
        return path, "is empty; write a value, or remove the key"
    if kind in _NOT_A:
        thing, wanted = _NOT_A[kind]
        return path, f"{value} is not a {thing}; {wanted}".replace("a text", "text")
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return path, f"{value} {words} {context[key]}"
    return path, _other(kind, context, value, str(error["msg"]))


def _other(kind: str, context: Mapping[str, Any], value: str, message: str) -> str:
    if kind == "literal_error":
        return f"{value} is not one of {context['expected']}"
    if kind == "string_pattern_mismatch":
        return f"{value} does not have the form {context['pattern']}"
    if kind == "too_short":
        return "is empty; write at least one entry"
    if kind == "string_too_short":
        return "is empty; write a value"
    if kind == "invalid_key":
        return "this key is not text; put it in quotes"
    return f"{value}: {message}"


def _unknown_key(place: SettingsPlace) -> tuple[str, str]:
    """A key that the model at its place does not have; what stands where a secret is named may be the secret."""
    if place.owner is SecretReference:
        return place.path.rpartition(".")[0], f"write one of {', '.join(f'`{key}: …`' for key in place.keys)}"
    near = difflib.get_close_matches(place.key, place.keys, n=1)
    advice = f"did you mean `{near[0]}`?" if near else f"write one of {', '.join(place.keys)}"
    return place.path, f"there is no such setting; {advice}"


def _shown(place: SettingsPlace, value: Any) -> str:
    """The value where it is plain and cannot be a secret, else "this"."""
    if place.is_secret or not place.is_scalar or isinstance(value, dict | list):
        return "this"
    return shortened(without_credentials(value) if isinstance(value, str) else value)
