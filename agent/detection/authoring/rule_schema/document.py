"""A document of a rule file: a Sigma rule, filter or correlation, or a baseline."""

from __future__ import annotations

from typing import get_args

from agent.detection.authoring.coverage import FEEDS
from agent.detection.authoring.rule_schema import baseline, correlation, detection
from agent.detection.authoring.rule_schema.values import TEXT, TEXTS, TRUTH, Schema, described, one_of
from agent.detection.sigma.log_source import ALIASES, SALESFORCE
from agent.detection.sigma.rule import Level, Status
from agent.detection.sigma.strict import KINDS

_UUID = "-".join(f"[0-9a-fA-F]{{{size}}}" for size in (8, 4, 4, 4, 12))
_ID: Schema = {"type": "string", "pattern": f"^{_UUID}$"}

_DATE: Schema = {
    "type": "string",
    "pattern": "^([1-3][0-9]{3}-[01][0-9]-[0-3][0-9]|[1-3][0-9]{3}/[01]?[0-9]/[0-3]?[0-9])$",
    "examples": ["2026-01-31"],
}

_RELATIONS = ("derived", "obsolete", "merged", "renamed", "similar")

_LOG_SOURCE: Schema = {
    "type": "object",
    "description": "Which rows the rule is for.",
    "properties": {
        "product": {"type": "string", "examples": ["salesforce", "leakline"]},
        "service": {"type": "string", "examples": sorted({*SALESFORCE, *ALIASES, "agent"})},
        "category": {"type": "string"},
        "definition": {"type": "string"},
    },
    "anyOf": [{"required": [key]} for key in ("product", "service", "category")],
    "additionalProperties": False,
}

_OWN: Schema = {
    "type": "object",
    "description": "Leakline's own keys.",
    "properties": {
        "family": described(TEXT, "The family of rules, such as exfiltration; the folder's name unless stated."),
        "feed": one_of(FEEDS, "What the org must have for the rule to see anything."),
        "level_reason": described(TEXT, "Why the rule has its level."),
        "triage": described(TEXT, "What an analyst does first."),
        "feeder": described(
            TRUTH, "True: it only feeds correlations and baselines, and never raises an alert of its own."
        ),
        "fold_by": {
            "anyOf": [TEXT, {"type": "array", "items": TEXT}],
            "description": "Fields by which repeated alerts are counted as one; the first that has a value counts.",
        },
        "quiet": described(correlation.SPAN, "Of a correlation: how long a group keeps still between two alerts."),
    },
}

_HEAD: Schema = {
    "title": {"type": "string", "description": "What an analyst reads first."},
    "id": described(_ID, "A UUID (`uuidgen`). An edited rule without one counts as another rule."),
    "name": described(TEXT, "A word by which correlations, baselines and settings name the rule."),
    "related": {
        "type": "array",
        "description": "Other rules: {id: UUID, type: derived, obsolete, merged, renamed or similar}.",
        "items": {
            "type": "object",
            "required": ["id", "type"],
            "properties": {"id": _ID, "type": one_of(_RELATIONS)},
        },
    },
    "taxonomy": TEXT,
    "status": one_of(get_args(Status), "How far the rule is; experimental unless stated."),
    "description": {"type": "string", "description": "What the rule finds, and why that matters."},
    "references": described(TEXTS, "Where the behaviour is described."),
    "author": {"type": "string"},
    "license": {"type": "string", "description": "An SPDX identifier, such as Apache-2.0."},
    "date": described(_DATE, "When the rule was written."),
    "modified": described(_DATE, "When what it finds was last changed."),
    "tags": {
        "type": "array",
        "description": "ATT&CK tactics and techniques: attack.exfiltration, attack.t1213.004.",
        "items": {"type": "string", "pattern": r"^[^.]*\.[\s\S]*$"},
    },
    "scope": TEXTS,
    "fields": described(TEXTS, "Fields that an analyst wants to see."),
    "falsepositives": described(TEXTS, "What is innocent and looks the same."),
    "level": one_of(get_args(Level), "Medium unless stated."),
    "generate": described(TRUTH, "As under `correlation`."),
    "leakline": _OWN,
}

_NEEDED = {
    "detection": ["title", "logsource", "detection"],
    "filter": ["title", "logsource", "filter"],
    "correlation": ["title", "correlation"],
    "baseline": ["title", "baseline"],
}
"""Keys that a document of each kind has; they are those of `strict.KINDS`."""


def rule_schema() -> Schema:
    """JSON Schema of one YAML document of a rule file. Further keys at the top are allowed, as in Sigma."""
    kinds = [{"required": _NEEDED[kind]} for kind in KINDS]
    only_one = [{"not": {"required": [kind, other]}} for kind in KINDS for other in KINDS if kind < other]
    return {
        "type": "object",
        "description": "One document of a rule file: a Sigma rule, filter or correlation, or a baseline of Leakline's.",
        "properties": {
            **_HEAD,
            "logsource": _LOG_SOURCE,
            "detection": detection.DETECTION,
            "filter": detection.FILTER,
            "correlation": correlation.CORRELATION,
            "baseline": baseline.BASELINE,
            "action": one_of(("global", "reset", "repeat"), "Of old files with several documents."),
        },
        # What an old `action` document lacks stands in another one.
        "anyOf": [{"required": ["action"]}, *kinds],
        "allOf": only_one,
        "definitions": {**detection.DEFINITIONS, **correlation.DEFINITIONS, **baseline.DEFINITIONS},
    }
