from __future__ import annotations

import re

import pytest
from cefevent.extensions import extension_dictionary
from hypothesis import given
from hypothesis import strategies as st

from agent.formats.cef_keys import EXTENSION
from agent.formats.cef_own_key import ROOTS, field_of, own_key

FIELD = st.builds(
    lambda root, rest: root + rest,
    st.sampled_from(["", "salesforce.", "leakline.", "ecs.", "salesforce", "x."]),
    st.text(st.sampled_from("ab_.19AXé-= |\\\n"), min_size=1, max_size=12),
)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("salesforce.row_count", "salesforceRowCount"),
        ("salesforce.connected_app_name", "salesforceConnectedAppName"),
        ("salesforce.connected_app.name", "salesforceConnectedApp_name"),
        ("salesforce.field_1", "salesforceField_1"),
        ("salesforce.field1", "salesforceField1"),
        ("leakline.alert.event_ids", "leaklineAlert_eventIds"),
        ("source.geo.city_name", "ecsSource_geo_cityName"),
        ("ecs.version", "ecsEcs_version"),
        ("salesforce.größe", "salesforceGr_Xf6__Xdf_e"),
    ],
)
def test_a_key_is_the_field_in_camel_case(field: str, key: str) -> None:
    """What keys look like, and that they are read back."""
    assert (own_key(field), field_of(key)) == (key, field)


@given(FIELD, FIELD)
def test_no_two_fields_share_a_key(field: str, other: str) -> None:
    """Whatever a field is called, its key is one that every reader takes for a key, and it is read back to the field."""
    assert re.fullmatch(r"(salesforce|leakline|ecs)[A-Za-z0-9_]*", own_key(field))
    assert field_of(own_key(field)) == field
    assert (own_key(field) == own_key(other)) == (field == other)


def test_a_key_of_ours_is_none_of_the_dictionary() -> None:
    """No key of the specification begins as ours do."""
    standard = {*extension_dictionary, *(entry["full_name"] for entry in extension_dictionary.values()), *EXTENSION}
    assert [key for key in standard if key.startswith(ROOTS)] == []


@pytest.mark.parametrize("key", ["act", "cs1Label", "salesforce-x", "", "ecs=", "leakline_X_"])
def test_other_keys_are_refused(key: str) -> None:
    """What `own_key` never makes has no field."""
    with pytest.raises(ValueError, match="own"):
        field_of(key)
