"""A happening of which several feeds tell makes one alert."""

from __future__ import annotations

from agent.detection.load import load
from agent.detection.sigma.log_source import LogSource
from agent.detection.streamed_twins import StreamedTwins
from agent.normalize.mapping.event_log_objects import event_log_objects
from agent.shipped import shipped

LOG_FILES, OBJECTS = LogSource("salesforce", "event_log_file"), LogSource("salesforce", "event_log_object")


def test_rules_of_log_files_and_event_log_objects_are_shared() -> None:
    """Each leaves out the rows of log files of which the objects told; rules of `event_monitoring` do not see these."""
    assert not LogSource("salesforce", "event_monitoring").covers(OBJECTS)
    rules = load([shipped("rules")])
    both = {rule.id for rule in rules if rule.logsource.covers(LOG_FILES) and rule.logsource.covers(OBJECTS)}
    shared = StreamedTwins(rules, {}, event_log_objects().keys()).shared
    assert shared
    assert shared.keys() <= both  # the others ask for columns that objects do not have
    assert StreamedTwins(rules, {}).shared == {}
