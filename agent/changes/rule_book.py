"""Which rule files are approved: kept by content under `keys.RESPONSE` of the process's own shard, never deleted."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter

from agent.changes import book
from agent.changes.book import DamagedBook, InForce
from agent.changes.classes.rule_set import RuleMark
from agent.store.state import StateRecall

CONTENT, SET, IN_FORCE = "settings/rules/content/", "settings/rules/set/", "settings/rules/in-force"
"""By the file's digest: its bytes, deflated; by SHA-256: JSON `ApprovedRules`, deflated, since the state takes values up to 1 MiB; JSON
`InForce`.
"""


@dataclass(frozen=True, slots=True)
class ApprovedRules:
    """A set of rule files, and what is known of its alerting rules."""

    files: Mapping[str, str]
    """By name, the digest of the content (as `agent.detection.sigma.cache.digest` gives it)."""
    marks: Mapping[str, RuleMark]
    """By the rule's id."""
    made_of: Mapping[str, Sequence[str]]
    """By the rule's id, the names of the files that decide what it matches: its own first."""


_RULES = TypeAdapter(ApprovedRules)


def encoded(rules: ApprovedRules) -> bytes:
    """Equal for equal sets."""
    return orjson.dumps(_RULES.dump_python(rules, mode="json"), option=orjson.OPT_SORT_KEYS)


def document(rules: ApprovedRules) -> dict[str, Any]:
    """As JSON has it."""
    return dict(_RULES.dump_python(rules, mode="json"))


def digest(rules: ApprovedRules) -> str:
    """SHA-256 in hexadecimal digits: what votes bind to."""
    return hashlib.sha256(encoded(rules)).hexdigest()


def in_force(recall: StateRecall) -> InForce | None:
    """None before the first start under permissions. Raises DamagedBook."""
    return book.in_force(recall, IN_FORCE)


def rules(recall: StateRecall, sha256: str) -> ApprovedRules:
    """Raises DamagedBook where it is missing or not what its digest says."""
    try:
        data = zlib.decompress(recall(SET + sha256) or b"")
    except zlib.error:
        data = b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedBook(f"the rules {sha256[:12]} are not as they were approved")
    return _RULES.validate_json(data)


def content(recall: StateRecall, name: str) -> bytes | None:
    """The bytes of a file by their digest; None where they are not kept. Raises DamagedBook."""
    data = recall(CONTENT + name)
    try:
        return zlib.decompress(data) if data is not None else None
    except zlib.error as error:
        raise DamagedBook(f"the rule file {name} is not as it was approved") from error


def stored_rules(found: ApprovedRules, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """A set with the bytes of its files, by their digests."""
    kept = {CONTENT + name: zlib.compress(data) for name, data in contents.items()}
    return {**kept, SET + digest(found): zlib.compress(encoded(found))}


def stored_in_force(known: InForce) -> dict[str, bytes]:
    return book.stored_in_force(known, IN_FORCE)
