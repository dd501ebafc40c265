"""What is wrong with rules, and what could be better: `leakline rules lint`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.validation import SigmaValidator
from sigma.validators.base import SigmaValidationIssueSeverity
from sigma.validators.core import validators

from agent.detection import load
from agent.detection.alert import attack
from agent.detection.authoring import lint_columns
from agent.detection.authoring.absence import LogFileColumns
from agent.detection.authoring.coverage import FEEDS
from agent.detection.authoring.lint_names import Remark, dataset_remarks, fold_by_remarks
from agent.detection.authoring.lint_parties import party_remarks
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import document
from agent.detection.sigma.document import Document
from agent.detection.sigma.log_source import ALIASES, SALESFORCE
from agent.detection.sigma.policy import POLICY
from agent.detection.sigma.rule import Rule
from agent.model import Finding
from agent.yaml_lines.nodes import children

LEFT_OUT = frozenset(
    {
        "attacktag",  # these two fetch their tables from the network; ours is looked at below
        "d3_fendtag",
        "identifier_existence",  # our own check says it once
        "identifier_uniqueness",  # loading refuses these, with the line
        "duplicate_title",
        "number_as_string",  # cells of a log file are text
        "custom_attributes",
        "filename_length",
        "duplicate_filename",
    }
)

SERVICES = {"salesforce": SALESFORCE | ALIASES.keys(), "leakline": frozenset({"agent"})}
"""Log sources that exist here."""

OWN_KEYS = {"family": None, "feed": FEEDS, "level_reason": None, "triage": None}
"""What the key `leakline` of an alerting rule of the pack holds, and the values it may have."""

LEAKLINE_KEYS = (*OWN_KEYS, "quiet", "feeder", "fold_by")

KEYS = (
    "title", "id", "related", "name", "taxonomy", "status", "description", "references", "author", "license", "date",
    "modified", "tags", "scope", "logsource", "detection", "correlation", "baseline", "filter", "generate", "fields",
    "falsepositives", "level", "leakline",
)  # fmt: skip
"""What may stand at the top of a rule, in the order of the pack: Sigma's keys and ours."""


def lint(
    places: Sequence[Path], rules: RuleSet | None = None, columns: LogFileColumns | None = None
) -> Iterator[Finding]:
    """Errors (the rule does not load) first, then warnings, each with file and line. Yields nothing if all is well.

    `rules`: what loads from there, if it is known; `columns`: what log files are known to have, if that is looked at.
    """
    rules = load.load(places) if rules is None else rules
    for error in rules.errors:
        yield Finding(
            error.path.name, ok=False, message=error.reason, fix=error.hint, path=str(error.path), line=error.line
        )
    by_place = {(rule.path, rule.line): rule for rule in (*rules, *(derived.rule for derived in rules.derived))}
    checks = SigmaValidator([kind for name, kind in validators.items() if name not in LEFT_OUT])
    for path in load.files(places):
        for read in document.read(path):
            if isinstance(read, Document) and (rule := by_place.get((path, read.line))):
                vain = _in_vain(rule, rules, columns) if columns else ()
                yield from _warnings(read, rule, (*_sigma(read, checks), *_own(read, rule), *vain))


def _in_vain(rule: Rule, rules: RuleSet, columns: LogFileColumns) -> Iterator[Remark]:
    derived = next((derived for derived in rules.derived if derived.rule.id == rule.id), None)
    if derived is None:
        yield from lint_columns.of_rule(rule, columns)
    else:
        yield from lint_columns.of_derived(derived, {base.id: base for base in rules}, columns)


def _warnings(read: Document, rule: Rule, remarks: Iterable[Remark]) -> Iterator[Finding]:
    for message, keys, fix in remarks:
        yield Finding(
            rule.name or rule.title,
            ok=False,
            warning=True,
            message=message,
            fix=fix,
            path=str(read.path),
            line=read.line_of(*keys),
        )


def _sigma(read: Document, checks: SigmaValidator) -> Iterator[Remark]:
    """What pySigma's validators say."""
    if "detection" not in read.data:
        return
    try:
        issues = checks.validate_rule(SigmaRule.from_dict(read.data, policy=POLICY))
    except SigmaError as error:
        yield (str(error), (), "")
        return
    except TypeError as error:  # its validators take the types of most keys for granted
        yield (f"pySigma cannot examine it ({error}): a value is of a type that its key does not have", (), "")
        return
    for issue in issues:
        if issue.severity is not SigmaValidationIssueSeverity.LOW:
            yield (issue.description, ("detection",), "")


def _own(read: Document, rule: Rule) -> Iterator[Remark]:
    if "detection" in read.data:
        yield from _log_source(rule)
        yield from dataset_remarks(rule)
    yield from _words(read)
    yield from _keys(read)
    yield from fold_by_remarks(read.data.get("leakline"))
    for technique in rule.techniques:
        if not attack.known(technique):
            yield (
                f"ATT&CK technique {technique} is not in the ATT&CK table",
                ("tags",),
                "its name will be missing in alerts",
            )
    if not read.data.get("id"):
        yield ("the rule has no id", (), "without one, an edited rule counts as another rule")
    if "leakline" in read.data:
        yield from party_remarks(read.data)
        yield from _pack(rule)


def _log_source(rule: Rule) -> Iterator[Remark]:
    product, service = rule.logsource.product, rule.logsource.service
    if product in SERVICES and service is not None and service not in SERVICES[product]:
        known = ", ".join(sorted(SERVICES[product]))
        yield (f"no source of {product} is called {service}", ("logsource", "service"), f"write one of {known}")
    elif product not in SERVICES:
        yield (
            f"no source produces rows of {product or rule.logsource.category or service}",
            ("logsource",),
            "the rule runs in `leakline hunt --raw` only",
        )


def _words(read: Document) -> Iterator[Remark]:
    """Bare `yes`, `no`, `on`, `off` are truth values in YAML 1.1."""
    for node in _in_order(read.node):
        if node.tag.endswith(":bool") and not re.fullmatch("true|false", node.value, re.IGNORECASE):
            yield (f"{node.value!r} without quotes is the truth value", (), "write true or false, or put it in quotes")


def _keys(read: Document) -> Iterator[Remark]:
    """Sigma allows keys of one's own; one that is nearly a known one is a slip, and what it says is not heard."""
    own = read.data.get("leakline")
    for keys, known, path in (
        (read.data, KEYS, ()),
        (own if isinstance(own, dict) else (), LEAKLINE_KEYS, ("leakline",)),
    ):
        for key in keys:
            meant = difflib.get_close_matches(str(key).lower(), known, 1, 0.75)
            if meant and key not in known:
                yield (f"the key `{key}` has no meaning", (*path, str(key)), f"did you mean `{meant[0]}`?")


def _in_order(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The scalars of a document as they stand in it, keys left out."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    for child in children(node, keys=False):
        yield from _in_order(child)


def _pack(rule: Rule) -> Iterator[Remark]:
    """What rules of the pack owe an analyst: those that only feed others owe nothing."""
    if rule.is_feeder:
        return
    for key, allowed in OWN_KEYS.items():
        value = rule.custom.get(key)
        if not value:
            yield (f"`leakline.{key}` is missing", ("leakline",), "")
        elif allowed and value not in allowed:
            yield (f"`leakline.{key}` is {value!r}", ("leakline", key), f"write one of {', '.join(allowed)}")
    for name in ("description", "references", "falsepositives", "techniques"):
        if not getattr(rule, name):
            yield (f"the rule has no {name}", (), "")
