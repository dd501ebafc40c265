"""Which keys of two settings differ."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel


def changed_keys(before: BaseModel, after: BaseModel, *, apart_from: Collection[str] = ()) -> list[str]:
    """Paths such as `destinations[0].url`, in the order of the settings. Never what stands under them: it may be a secret.

    `apart_from`: keys at the top that do not count.
    """
    return [
        path for name in type(before).model_fields if name not in apart_from for path in _below(before, after, name)
    ]


def _below(before: BaseModel, after: BaseModel, name: str) -> list[str]:
    return _differing(getattr(before, name), getattr(after, name), name)


def _differing(before: Any, after: Any, path: str) -> list[str]:
    """The innermost paths at which two values of settings differ."""
    if before == after:
        return []
    if isinstance(before, BaseModel) and type(before) is type(after):
        names = type(before).model_fields
        return [
            found
            for name in names
            for found in _differing(getattr(before, name), getattr(after, name), f"{path}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for number, pair in pairs for found in _differing(*pair, f"{path}[{number}]")]
    return [path]
