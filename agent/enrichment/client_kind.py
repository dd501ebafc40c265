"""What program an event comes from: the user agent taken apart, and the kind of client it is.

Columns: `user_agent.{name,version,os.name,os.version,os.full,device.name}` by ua-parser, and `leakline.client_kind` by
the words of `mappings/client_kinds.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import ua_parser

from agent.enrichment.lookup_cache import LookupCache
from agent.yaml_lines.text_file import YamlFile, read_yaml

CLIENT_KIND = "leakline.client_kind"

AGENT: dict[str, pl.DataType] = {
    "user_agent.name": pl.String(),
    "user_agent.version": pl.String(),
    "user_agent.os.name": pl.String(),
    "user_agent.os.version": pl.String(),
    "user_agent.os.full": pl.String(),
    "user_agent.device.name": pl.String(),
}

LONGEST = 2_000
"""Characters of a user agent that are looked at: browsers send a few hundred, attackers as many as they like."""

_SOURCES = ("user_agent", "client_name", "application")
_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class ClientKind:
    """One entry: a kind, and for each of user agent, client name and application the words (in lower case) that tell it."""

    kind: str
    words: tuple[tuple[str, ...], ...]

    def fits(self, texts: Sequence[str]) -> bool:
        return any(word in text for words, text in zip(self.words, texts, strict=True) for word in words)


def read_client_kinds(path: Path) -> list[ClientKind]:
    """Raises MappingError with file and line."""
    file = read_yaml(path)
    entries = file.content.get("kinds")
    if not isinstance(entries, list) or len(file.content) != 1:
        raise file.error((), "no list `kinds`", hint="write `kinds:` and entries of `kind` and words below it")
    return [_entry(file, place, entry) for place, entry in enumerate(entries)]


def _entry(file: YamlFile, place: int, entry: Any) -> ClientKind:
    where = ("kinds", place)
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        raise file.error(where, "an entry without `kind`", hint="begin it with `- kind: name`")
    unknown = next((key for key in entry if key not in ("kind", *_SOURCES)), None)
    if unknown is not None:
        raise file.error((*where, unknown), f"unknown key `{unknown}`", hint=f"use {', '.join(_SOURCES)}")
    return ClientKind(entry["kind"], tuple(_words(file, where, key, entry.get(key, [])) for key in _SOURCES))


def _words(file: YamlFile, where: tuple[str | int, ...], key: str, words: Any) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise file.error((*where, key), f"`{key}` is not a list of words", hint=f"write `{key}: [one, other]`")
    return tuple(word.lower() for word in words)


class ClientColumns:
    """Columns for user agents, client names and connected apps of one org."""

    def __init__(self, kinds: Sequence[ClientKind]) -> None:
        self._kinds = kinds
        self._agents = LookupCache(AGENT, lambda texts: {text: parsed(text) for text in texts}, longest=LONGEST)
        self._kind = LookupCache(
            {CLIENT_KIND: pl.String()}, lambda keys: {key: (self.kind(key),) for key in keys}, longest=LONGEST
        )

    def columns(
        self, user_agent: pl.Series | None, client_name: pl.Series | None, application: pl.Series | None
    ) -> dict[str, pl.Series]:
        """All `String`, row for row beside each other; None is a column that is not there."""
        if user_agent is None and client_name is None and application is None:
            return {}
        agents = self._agents.columns(user_agent) if user_agent is not None else {}
        return agents | self._kind.joined_columns((user_agent, client_name, application), _BETWEEN)

    def kind(self, key: str) -> str | None:
        """The first kind that fits."""
        # More separators than two come from hostile text; what follows them counts as the last text.
        texts = key.lower().split(_BETWEEN, 2)
        return next((client.kind for client in self._kinds if client.fits(texts)), None)


def parsed(user_agent: str) -> tuple[str | None, ...]:
    """The columns of `AGENT` for one user agent; all None for what is none, such as Aura's numeric codes."""
    found = ua_parser.parse(user_agent[:LONGEST])
    agent, system, device = found.user_agent, found.os, found.device
    system_version = _version(system.major, system.minor, system.patch) if system else None
    return (
        agent.family if agent else None,
        _version(agent.major, agent.minor, agent.patch, agent.patch_minor) if agent else None,
        system.family if system else None,
        system_version,
        " ".join(filter(None, (system.family, system_version))) if system else None,
        device.family if device else None,
    )


def _version(*parts: str | None) -> str | None:
    return ".".join(part for part in parts if part) or None
