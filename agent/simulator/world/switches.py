"""Switches of a dataclass of faults: set by name, described in lines. The default of a field says what type it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any


def switched(switches: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as their switches want them. Raises ValueError naming a switch or value that is wrong."""
    known = {field.name: field for field in fields(switches)}
    for name in values:
        if name not in known:
            raise ValueError(f"there is no fault {name!r}; there are {', '.join(known)}")
    return {name: _checked(known[name], value) for name, value in values.items()}


def described(switches: Any) -> str:
    """A line for each switch."""
    return "\n".join(f"{field.name:22} {field.metadata['help']}" for field in fields(switches))


def _checked(switch: Field[Any], value: Any) -> Any:
    wanted: type = type(switch.default)
    try:
        if wanted is bool:
            return _truth(value)
        if wanted is str or not isinstance(value, bool):
            return _among(switch, wanted(value))
    except (TypeError, ValueError):
        pass
    allowed = switch.metadata.get("among")
    expected = f"one of {', '.join(filter(None, allowed))}" if allowed else f"a {wanted.__name__}"
    raise ValueError(f"{switch.name} takes {expected}, not {value!r}")


def _among(switch: Field[Any], value: Any) -> Any:
    if value not in switch.metadata.get("among", (value,)):
        raise ValueError(value)
    return value


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "1", "yes", "on"):
        return True
    if str(value).lower() in ("false", "0", "no", "off"):
        return False
    raise ValueError(value)
