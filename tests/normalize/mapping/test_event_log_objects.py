"""The table of what log files and event log objects both tell of."""

from __future__ import annotations

from agent.normalize.mapping.event_log_objects import event_log_objects, log_files_of, objects_of
from agent.sources.event_log_file.event_types import KNOWN


def test_every_type_is_known() -> None:
    """Each object's log files are documented types, and the way back leads to the object."""
    for name, types in event_log_objects().items():
        assert set(types) <= KNOWN
        assert all(name in objects_of(event_type.upper()) for event_type in types)
    assert log_files_of("My_Object__c") == () == objects_of("BlockedRedirections")
