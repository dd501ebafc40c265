"""MITRE ATT&CK (Enterprise, version 17): names of the tactics and techniques that rules speak of."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import polars as pl

from agent.columns.array_fields import STRINGS
from agent.detection.sigma.rule import Rule

FRAMEWORK = "MITRE ATT&CK"
SITE = "https://attack.mitre.org"


@functools.cache
def _table(name: str) -> Mapping[str, tuple[str, Any]]:
    text = resources.files("agent.detection.alert").joinpath("attack.json").read_text(encoding="utf-8")
    return {key: tuple(value) for key, value in json.loads(text)[name].items()}


def known(technique: str) -> bool:
    """Whether the table has the technique; `rules lint` tells of those it has not."""
    return technique in _table("techniques")


def name(technique: str) -> str:
    """Empty for one that the table has not."""
    return str(_table("techniques")[technique][0]) if known(technique) else ""


def threat(rule: Rule) -> dict[str, pl.Series]:
    """The ECS `threat.*` columns of a rule's alerts, of one row; lists of text, none for a rule without ATT&CK tags."""
    techniques = sorted({technique.split(".")[0] for technique in rule.techniques})
    inner = sorted(technique for technique in rule.techniques if "." in technique)
    tactics = _tactics(rule)
    if not techniques and not tactics:
        return {}
    return {
        "threat.framework": pl.Series([FRAMEWORK]),
        **_listed("threat.tactic.id", tactics),
        **_listed("threat.tactic.name", [str(_table("tactics")[tactic][1]) for tactic in tactics]),
        **_listed("threat.tactic.reference", [f"{SITE}/tactics/{tactic}/" for tactic in tactics]),
        **_techniques("threat.technique", techniques),
        **_techniques("threat.technique.subtechnique", inner),
    }


def _techniques(prefix: str, ids: Sequence[str]) -> dict[str, pl.Series]:
    """Lists of text: id, name and reference of techniques; names of known ones only."""
    return {
        **_listed(f"{prefix}.id", ids),
        **_listed(f"{prefix}.name", [str(_table("techniques")[technique][0]) for technique in ids if known(technique)]),
        **_listed(f"{prefix}.reference", [f"{SITE}/techniques/{technique.replace('.', '/')}/" for technique in ids]),
    }


def _tactics(rule: Rule) -> list[str]:
    """Those the tags name, else those that ATT&CK files the techniques under."""
    named = [key for key, (short, _) in _table("tactics").items() if short in rule.tactics]
    filed = {
        tactic for technique in rule.techniques if known(technique) for tactic in _table("techniques")[technique][1]
    }
    return named or [key for key in _table("tactics") if key in filed]


def _listed(name: str, values: Sequence[str]) -> dict[str, pl.Series]:
    """A column of one list of text; none if it would be empty."""
    return {name: pl.Series([list(values)], dtype=STRINGS)} if values else {}
