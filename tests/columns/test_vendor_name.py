"""Whose a column is."""

from __future__ import annotations

import pytest

from agent.columns.vendor_name import is_vendor_name


@pytest.mark.parametrize(
    ("name", "is_vendors"),
    [
        ("USER_ID", True),
        ("RowsProcessed", True),
        ("Amount__c", True),
        ("CreatedBy.Username", True),
        ("user.id", False),
        ("leakline.setup.risk", False),
        ("event.id", False),
        ("@timestamp", False),
    ],
)
def test_whose_a_column_is(name: str, is_vendors: bool) -> None:
    """Ours have a dot and small letters."""
    assert is_vendor_name(name) is is_vendors
