"""One rule and one event: a convenience for programs that embed Leakline's rules, and for trying a rule.

    from agent.matching import matches

    matches(Path("rule.yml").read_text(), {"EVENT_TYPE": "Login", "CLIENT_IP": "192.0.2.1"})

A batch of events costs hardly more than one: for many, `leakline hunt --raw` is the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.mask import any_of
from agent.detection.load import loads
from agent.detection.rule_set import RuleSet
from agent.errors import LeaklineError
from agent.hunt.raw import reader


def matches(
    rule: str | RuleSet, event: Mapping[str, Any], *, placeholders: Mapping[str, Sequence[str]] | None = None
) -> bool:
    """Whether the rule matches the event, as `hunt --raw` would say: names and values as they stand, log source not
    compared, filters in the same text applied. `agent.detection.authoring.samples.holds` is the other way to ask about
    one event: it takes it as a row of the rule's log source, whose vendor cells are text, as samples of rules are tried.

    `rule`: the text of a Sigma rule (of several, one that matches is enough), or what `agent.detection.load` made of
    it, which is quicker for a second event. `event`: whatever JSON can say, and times; dots in names reach into it.
    `placeholders`: values for `%name%` under `expand`.
    Raises RuleError, with the line, for a rule that does not load; LeaklineError for a correlation, which is about
    many events, and for an event that JSON cannot say.
    """
    rules = rule if isinstance(rule, RuleSet) else loads(rule, placeholders=placeholders)
    if rules.errors:
        raise rules.errors[0]
    if rules.correlations or not rules.rules:
        raise LeaklineError("this rule is not about one event", hint="pass a rule with `detection`")
    try:
        line = orjson.dumps(event)
    except TypeError as error:
        raise LeaklineError(f"the event is not valid JSON ({error})") from error
    conditions = [loaded.condition for loaded in rules]
    lines = reader(conditions).read(line, 1)
    evaluation = Evaluation(lines.frame)
    return any(any_of(evaluation.rows(condition)) for condition in conditions)
