"""What another pack of regimes does: which duties are missing, later, narrower or new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from agent.changes.classes.change_class import Difference
from agent.changes.classes.comparison_table import ComparisonTable
from agent.changes.classes.tables import regime_pack

PACKS = ComparisonTable(regime_pack.LINES)

ALIASES: Mapping[str, str] = {"schema_": "schema", "register_": "register", "if_": "if", "is_": "is"}
"""Names of the model for keys of the file whose names mean something in Python or in pydantic."""

OWN_ROLE = "Who only helps another by this law would no longer be bound by the sector alone."


def pack_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Of two packs as `RegimePack.model_dump(mode="json")` gives them, by alias or not. Regimes and obligations are found by their
    ids: `regimes[eu-gdpr-33].obligations[sa].deadline`.
    """
    old, new = _as_written(before), _as_written(after)
    found = PACKS.differences(old, new)
    own = {str(role) for role in _own_roles(old)}
    return [_judged_again(difference, own) for difference in found]


def _judged_again(difference: Difference, own: set[str]) -> Difference:
    """A word for a role is new: a regime that has duties of its own for that word then calls it a helper's (see `binding`)."""
    if difference.path.startswith("role_aliases.") and str(difference.after) in own:
        return replace(difference, change_class="weaken", why=OWN_ROLE)
    return difference


def _own_roles(pack: Mapping[str, Any]) -> Iterator[Any]:
    for regime in pack.get("regimes") or ():
        for duty in (regime.get("obligations") or ()) if isinstance(regime, Mapping) else ():
            if isinstance(duty, Mapping) and duty.get("role"):
                yield duty["role"]


def _as_written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {ALIASES.get(key, key): _as_written(below) for key, below in value.items()}
    return [_as_written(below) for below in value] if isinstance(value, list | tuple) else value
