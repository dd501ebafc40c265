"""`orgs` as the schema of the settings has it (`leakline schema settings`)."""

from __future__ import annotations

from agent.config.settings import DestinationSettings
from tests.config.test_settings import models


def test_every_destination_has_orgs_in_the_schema() -> None:
    """With what it means, and that nothing about Leakline itself goes there then."""
    for model in models(DestinationSettings):
        described = " ".join(model.model_json_schema()["properties"]["orgs"]["description"].split())
        assert "the events about Leakline itself, which no destination with `orgs` gets" in described
