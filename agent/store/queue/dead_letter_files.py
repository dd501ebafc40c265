"""Files of dead letters of all shards, under names that people write: `acme/3`, and `leakline/3` for Leakline's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.errors import LeaklineError
from agent.model import Lane
from agent.name import OWN
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.queue.state_stores import StateStores
from agent.store.queue.status import Takes

FileNumber = tuple[str, int]
"""A shard, and the number of a file in it."""

_NAME = re.compile(r"(?:([^/]+)/)?([0-9]{1,15})")


class DeadLetterFiles:
    """What people can do with dead letters, whosever they are. Safe for threads. Answers are plain JSON values.

    A file is called by its name in `list`; a plain number does where only one shard has such a file, and with one org it
    always means the org's.
    """

    def __init__(
        self,
        shards: Mapping[str, StateStores],
        destinations: Mapping[str, Sequence[Lane]],
        takes: Takes,
        now: Callable[[], datetime],
    ) -> None:
        """`shards`: by the org's name in the settings, the empty name is Leakline's own; `destinations`: the names in the
        settings to the lanes they take; `takes`: what of a shard is sent again goes to a destination that takes it.
        """
        self._shards = shards
        self._destinations = destinations
        self._takes = takes
        self._now = now

    @property
    def _commands(self) -> Mapping[str, DeadLetterCommands]:
        """By shard, as they are now: orgs come while the daemon runs."""
        return {
            shard: DeadLetterCommands(
                stores,
                {name: lanes for name, lanes in self._destinations.items() if self._takes(name, shard)},
                self._now,
            )
            for shard, stores in self._shards.items()
        }

    def list(self, start: str = "") -> dict[str, Any]:
        """`files` from the one called `start` on, and `next`: where the next page begins, None at the end."""
        commands = self._commands
        shards = list(commands)
        begin, number = self._parsed(start) if start else (shards[0], 0)
        for shard in shards[shards.index(begin) :]:
            page = commands[shard].list(number if shard == begin else 0)
            files = [{"file": file_name(shard, file["number"]), "org": shard, **file} for file in page["files"]]
            if page["next"] is not None:
                return {"files": files, "next": file_name(shard, page["next"])}
            if files:
                following = shards[shards.index(shard) + 1 :]
                return {"files": files, "next": file_name(following[0], 0) if following else None}
        return {"files": [], "next": None}

    def show(self, file: str | int, start: int = 0) -> dict[str, Any]:
        """`rows` of a file from row `start` on, and `next`. Raises LeaklineError for a name that no file has."""
        shard, number = self._found(file)
        return self._commands[shard].show(number, start)

    def replay(self, file: str | int, by: str) -> dict[str, Any]:
        """Have the rows of a file sent again to the destination that refused them. `by`: who says so.

        Raises LeaklineError where that is not possible, with the reason.
        """
        shard, number = self._found(file)
        return {"file": file_name(shard, number), **self._commands[shard].replay(number, by)}

    def drop(self, file: str | int, by: str) -> dict[str, Any]:
        """Let go of a file of dead letters for good. `by`: who says so."""
        shard, number = self._found(file)
        return {"file": file_name(shard, number), **self._commands[shard].drop(number, by)}

    def _found(self, file: str | int) -> FileNumber:
        text = str(file)
        shard, number = self._parsed(text) if "/" in text else ("", -1)
        if number >= 0:
            return shard, number
        numbers = [(name, number) for name, stores in self._shards.items() for number, _ in stores.dead_letters.files()]
        return file_called(text, numbers, self._shards)

    def _parsed(self, text: str) -> FileNumber:
        """Of a whole name. Raises LeaklineError for one that cannot be a file's."""
        found = _NAME.fullmatch(text)
        shard = "" if found and found[1] == OWN else found and found[1]
        if not found or shard is None or shard not in self._shards:
            known = ", ".join(file_name(name, 3) for name in self._shards)
            raise LeaklineError(f"{text!r} is not the name of a file of dead letters", hint=f"write it as {known}")
        return shard, int(found[2])


def file_name(shard: str, number: int) -> str:
    return f"{shard or OWN}/{number}"


def file_called(text: str, files: Iterable[FileNumber], shards: Collection[str]) -> FileNumber:
    """Which of `files` somebody means by a plain number. Raises LeaklineError where that is none, or not clear."""
    found = _NAME.fullmatch(text)
    same = [(shard, number) for shard, number in files if found and number == int(found[2])]
    orgs = [shard for shard in shards if shard]
    if len(orgs) == 1 and len(same) > 1:
        same = [(shard, number) for shard, number in same if shard]
    if not same:
        raise LeaklineError(
            f"there is no file of dead letters with the number {text}", hint="see `leakline dead-letters list`"
        )
    if len(same) > 1:
        names = " or ".join(file_name(shard, number) for shard, number in same)
        raise LeaklineError(
            f"there is more than one file of dead letters with the number {text}", hint=f"write {names}"
        )
    return same[0]
