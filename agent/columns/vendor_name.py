"""Whose a column is, by its name."""

from __future__ import annotations


def is_vendor_name(name: str) -> bool:
    """Whether the vendor has a column of this name: ours have a dot and no capitals (`user.id`), and fields of related records
    that have a dot begin with a capital (`CreatedBy.Username`).
    """
    return name != "@timestamp" and ("." not in name or name[0].isupper())
