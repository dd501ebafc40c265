"""Settings as YAML text, in one of the many ways in which a person or a tool writes the same values."""

from __future__ import annotations

import json
from random import Random
from typing import Any


class Raw(str):
    """Text that stands in the file as it is: a number of YAML, a word without quotes, or what is no value at all."""

    __slots__ = ()


def text_of(value: dict[str, Any], random: Random) -> str:
    """A document. Mappings and lists in blocks or in brackets; some keys behind a merge, some shared by an anchor, a few twice."""
    lines = list(_block(value, random, 0))
    if random.random() < 0.1:
        lines.insert(0, random.choice(["---", "# a comment", "%YAML 1.1\n---", "\ufeff"]))
    return "\n".join(lines) + "\n"


def _block(value: dict[str, Any], random: Random, depth: int) -> list[str]:
    indent, lines = "  " * depth, []
    keys = list(value)
    random.shuffle(keys)
    merged = keys[: random.randint(1, len(keys))] if keys and random.random() < 0.08 else []
    if merged:
        own = random.sample(
            merged, random.randint(0, len(merged))
        )  # what is written beside a merge counts, not the merge
        lines.append(f"{indent}<<: {_flow({key: value[key] for key in merged}, random)}")
        keys = [key for key in keys if key not in merged or key in own]
    for key in keys:
        below = value[key]
        if isinstance(below, dict) and below and random.random() < 0.7:
            lines += [f"{indent}{_key(key, random)}:", *_block(below, random, depth + 1)]
        elif isinstance(below, list) and below and random.random() < 0.5:
            lines.append(f"{indent}{_key(key, random)}:")
            lines += [f"{indent}  - {_flow(entry, random)}" for entry in below]
        else:
            lines.append(f"{indent}{_key(key, random)}: {_flow(below, random)}")
    if keys and random.random() < 0.01:
        lines.append(f"{indent}{keys[0]}: {_flow(value[keys[0]], random)}")
    return lines


def _flow(value: Any, random: Random) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key, random)}: {_flow(below, random)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(entry, random) for entry in value) + "]"
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, str):
        return _quoted(value, random)
    return "null" if value is None else json.dumps(value)


def _key(key: str, random: Random) -> str:
    return f'"{key}"' if random.random() < 0.03 else f"'{key}'" if random.random() < 0.03 else key


def _quoted(text: str, random: Random) -> str:
    plain = text and all(letter.isascii() and (letter.isalnum() or letter in "_.-/") for letter in text)
    if (
        plain
        and text.lower() not in ("no", "null", "true", "y", "n", "yes", "on", "off")
        and text[0] not in "-."
        and random.random() < 0.7
    ):
        return text
    if "'" not in text and text.isprintable() and random.random() < 0.3:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=random.random() < 0.5)
