"""A finding of Salesforce's threat detection that comes as two events alerts for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

RULES = Path(__file__).parents[2] / "rules" / "access"


def findings(path: Path) -> Iterator[dict[str, Any]]:
    """The `detection` of each document in a file that has one."""
    for document in yaml.safe_load_all(path.read_text()):
        yield from [document["detection"]] if "detection" in document else []


(GENERAL,) = findings(RULES / "anomaly_detected.yml")


@pytest.mark.parametrize("kind", GENERAL["has_own_event"]["AnomalySubType"])
def test_what_the_general_rule_leaves_out_has_a_rule_of_its_own(kind: str) -> None:
    """Streamed and stored: a kind that is left out and has none would never alert."""
    selections = [finding.get("finding") for path in RULES.glob("*.yml") for finding in findings(path)]
    alerting = {
        name for selection in selections if isinstance(selection, dict) for name in selection.get("EventType", ())
    }
    assert {f"{kind}Event", f"{kind}EventStore"} <= alerting
