"""The YAML of a settings file to plain values, within bounds of size, depth and number.

A message never shows what stands in the file, only where: a secret may have been put there by mistake.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from agent.errors import SettingsError
from agent.yaml_lines.document_bounds import Bounds, OutOfBounds, compose_within
from agent.yaml_lines.nodes import construct, duplicate_keys

LARGEST = 1 << 20
"""Bytes of a settings file."""

_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")

BOUNDS = Bounds(depth=32, values=100_000, tags=frozenset(f"tag:yaml.org,2002:{tag}" for tag in _TAGS))
"""Settings need eight levels."""


def read_document(path: Path) -> Any:
    """The values of a settings file. Raises SettingsError with the line, where there is one."""
    text = _text(path)
    try:
        root = compose_within(text, BOUNDS)
        if root is None:
            return None
        _require_unique_keys(root, path)
        return construct(root)
    except OutOfBounds as error:
        raise _out_of_bounds(path, error) from error
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(path, error.problem or error.context or "", error.problem_mark or error.context_mark) from error
    except yaml.YAMLError as error:
        raise _not_yaml(path, str(error).splitlines()[0], None) from error
    except ValueError as error:  # a date such as 2026-02-30, a number of 5,000 digits
        raise _not_yaml(path, f"a number or date cannot be read: {error}", None) from error
    except (LookupError, AttributeError, OverflowError) as error:  # `!!bool maybe`, `!!timestamp soon`
        raise _not_yaml(path, "a value does not fit its tag", None) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})", hint="name it with -c") from error
    if len(content) > LARGEST:
        raise SettingsError(f"{path} is larger than {LARGEST >> 20} MB", hint="name the settings file with -c")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        hint = "save it as plain text in UTF-8"
        raise SettingsError(f"{path}:{line}: this is not valid UTF-8 ({error.reason})", hint=hint) from error


def _require_unique_keys(root: yaml.Node, path: Path) -> None:
    for first, second in duplicate_keys(root):
        if second.value == "<<":  # YAML merges them all
            continue
        hint = "put what they hold under one of them: only the last one would count"
        message = f"duplicate key `{second.value}` (first at line {first.start_mark.line + 1})"
        raise SettingsError(f"{_at(path, second.start_mark)}: {message}", hint=hint)


def _out_of_bounds(path: Path, error: OutOfBounds) -> SettingsError:
    match error.bound:
        case "tags":
            return _not_yaml(path, "a tag is not allowed here", error.mark)
        case "values":
            hint = "write out what its aliases repeat"
            return SettingsError(f"{path}: it holds more than {BOUNDS.values:,} values", hint=hint)
        case "depth":
            hint = "close the brackets, or remove the alias that contains itself"
            message = f"{_at(path, error.mark)}: nested more than {BOUNDS.depth} levels deep"
            return SettingsError(message, hint=hint)


def _not_yaml(path: Path, problem: str, mark: Any) -> SettingsError:
    shown = re.sub(r"'[^']{2,}'|\"[^\"]{2,}\"", "a value", " ".join(problem.split()))
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    hint = "values that begin with one of @ ` * & ! % { [ must be in quotes; indent with spaces"
    return SettingsError(f"{path} is not YAML: {shown}{where}", hint=hint)


def _at(path: Path, mark: Any) -> str:
    return f"{path}:{mark.line + 1}" if mark else str(path)
