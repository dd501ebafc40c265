"""A state directory of which a test looks at one shard."""

from __future__ import annotations

from pathlib import Path

from agent.store import keys
from agent.store.directory.shard_folders import shard_folder
from agent.store.directory.shard_state import ShardState
from agent.store.directory.state_directory import StateDirectory


class OneShard(ShardState):
    """A shard, and the directory it is of."""

    def __init__(self, directory: Path, shard: str = keys.PROCESS) -> None:
        """Open or create the state in `directory`. Raises what `StateDirectory` raises."""
        self.whole = StateDirectory(directory)
        super().__init__(self.whole, shard, shard_folder(directory, shard))

    def close(self) -> None:
        self.whole.close()
