"""The settings `trail`: the key that signs checkpoints, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from agent.duration import PositiveDuration, at_most
from agent.secret import Secret


class TrailSettings(BaseModel):
    """A trail of what Leakline did, which cannot be rewritten without that being seen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    key: Secret | None = None
    """The private key that signs checkpoints, as `leakline trail new-key` prints one. Left out, a key is made at the first start
    and kept in the state directory, where a user who may change the trail can read it."""
    checkpoint_every: Annotated[PositiveDuration, at_most(timedelta(hours=1))] = timedelta(seconds=60)
    """How long a record may be without a signed checkpoint that covers it."""
