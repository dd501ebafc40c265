"""The YAML of a settings file to plain values, within bounds of size, depth and number.

A message never shows what stands in the file, only where: a secret may have been put there by mistake.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from agent.errors import SettingsError
from agent.yaml_lines.document_bounds import Bounds, OutOfBounds, compose_within
from agent.yaml_lines.nodes import Keys, construct, duplicate_keys, line_of

LARGEST = 1 << 20
"""Bytes of a settings file."""

_TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")

BOUNDS = Bounds(depth=32, values=100_000, tags=frozenset(f"tag:yaml.org,2002:{tag}" for tag in _TAGS))
"""Settings need eight levels."""


_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class SettingsDocument:
    """What a settings file holds."""

    values: Any
    """Plain ones; None where the file is empty."""
    _root: yaml.Node | None = None

    def line(self, key_path: str) -> int:
        """The line of `sources[0].every`, or of the innermost part of it that is there; counted from 1."""
        keys: Keys = tuple(int(number) if number else key for number, key in _PART.findall(key_path))
        return line_of(self._root, keys) if self._root is not None else 1


def read_document(path: Path) -> Any:
    """The values of a settings file. Raises SettingsError with the line, where there is one."""
    return _document(path, _text(path, lambda: path.open("rb"))).values


def read_plain_file(path: Path) -> SettingsDocument:
    """Of a file that somebody may have put into a folder: anything but a plain file is refused, and nothing is waited for. A
    link is followed, as configuration management lays them. Raises SettingsError as `read_document`.
    """

    def open_plain() -> IO[bytes]:
        # Without O_NONBLOCK a named pipe would hold up whoever reads the folder until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise SettingsError(
                f"{path} is not a plain file", hint="remove it, or put a file with the org in its place"
            )
        return os.fdopen(descriptor, "rb")

    return _document(path, _text(path, open_plain))


def _document(path: Path, text: str) -> SettingsDocument:
    try:
        root = compose_within(text, BOUNDS)
        if root is None:
            return SettingsDocument(None)
        _require_unique_keys(root, path)
        return SettingsDocument(construct(root), root)
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


def _text(path: Path, opened: Callable[[], IO[bytes]]) -> str:
    try:
        with opened() as file:
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
