"""The table of actions of the setup audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import yaml

from agent.normalize.audit_trail import setup_action
from agent.normalize.audit_trail.display_template import IGNORED
from agent.normalize.audit_trail.setup_action import Risk, is_known, setup_actions
from agent.normalize.audit_trail.setup_change import CHANGES, VALUES
from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.mapping.interpret import ACTION


def test_every_action_is_there_once() -> None:
    """231 are known, and no two of them differ in capitals alone."""
    document = yaml.safe_load(Path(setup_action.__file__).with_name("actions.yaml").read_text(encoding="utf-8"))
    assert sum(len(area["actions"]) for area in document.values()) == len(setup_actions()) == 231
    assert is_known("CREATEDUSER")
    assert is_known(" createdUser ")
    assert not is_known("createdNobody")


def test_words_are_those_of_ecs() -> None:
    """Each action has a phrase, a category, and types that ECS expects beside that category."""
    categories = ecs_table().fields["event.category"].values
    for action in setup_actions().values():
        assert ACTION.fullmatch(action.does), action.name
        assert set(action.type) <= set(categories[action.category]), action.name
        assert action.type, action.name
        assert action.risk in get_args(Risk), action.name


def test_every_value_has_a_field() -> None:
    """What a template calls a value, an event has a place for; what changed of a user is told from and to."""
    for action in setup_actions().values():
        for template in action.says:
            assert set(template.names) <= {*VALUES, IGNORED}, action.name
            names = [name for name in template.names if name != IGNORED]
            assert len(names) == len(set(names)), action.name
            if action.changes is not None:
                assert action.changes in CHANGES
                assert {"from", "to"} <= set(names), action.name
