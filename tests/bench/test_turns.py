"""Two trees side by side."""

from __future__ import annotations

from pathlib import Path

from tests.bench.beside import turns
from tests.bench.beside.in_tree import HERE


def test_the_trees_take_turns_and_begin_in_turns() -> None:
    """So that neither always runs on a machine that the other has warmed."""
    order: list[tuple[str, int]] = []

    def measure(tree: Path, run: int) -> turns.Figures:
        order.append((tree.name, run))
        return {"cost": 4.0 if tree == HERE else 8.0 + run, "alerts": 3}

    found = turns.in_turns(Path("before"), 3, measure)
    assert order == [("before", 0), (HERE.name, 0), (HERE.name, 1), ("before", 1), ("before", 2), (HERE.name, 2)]
    assert (
        turns.ratio(found, "cost").line() == "before 9.0 (8.0 to 10.0)  now 4.0 (4.0 to 4.0)  ratio 0.44 (0.40 to 0.50)"
    )


def test_alerts_that_differ_are_told() -> None:
    """A faster tree that finds something else is no faster tree."""
    same = {"before": [{"alerts": 1200}, {"alerts": 1200}], "now": [{"alerts": 1200}, {"alerts": 1200}]}
    assert turns.alerts(same) == "alerts: 1,200 in both trees"
    assert (
        turns.alerts({**same, "now": [{"alerts": 1200}, {"alerts": 7}]})
        == "alerts DIFFER: before 1,200, now 7 or 1,200"
    )
