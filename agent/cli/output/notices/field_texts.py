"""What people write into the fields of a notice: `--set FIELD=VALUE`, or a YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import yaml

from agent.errors import LeaklineError

MOST_BYTES = 200_000
"""Of a file: twice what a notice may have."""


def read(values: Sequence[str], file: Path | None) -> dict[str, str]:
    """By the field's id; `--set` counts before the file. Raises LeaklineError."""
    found = _of_file(file) if file is not None else {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name.strip():
            raise LeaklineError(f"{value[:60]!r} is not FIELD=VALUE", hint="write it as --set measures_taken='…'")
        found[name.strip()] = text.strip()
    return found


def _of_file(file: Path) -> dict[str, str]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise LeaklineError(f"{file} is longer than {MOST_BYTES:,} bytes", hint="shorten it")
        document = yaml.load(raw, yaml.CSafeLoader)
    except OSError as error:
        raise LeaklineError(f"{file} cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise LeaklineError(f"{file} is not YAML", hint="write a line `field: text` for each field") from error
    if not isinstance(document, dict):
        raise LeaklineError(f"{file} is not a mapping of fields", hint="write a line `field: text` for each field")
    return {str(name): _text(file, name, value) for name, value in document.items()}


def _text(file: Path, name: object, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    raise LeaklineError(f"{file}: {str(name)[:60]!r} is not a text", hint="write one text for each field")
