"""What the control socket may ask about dead letters; a command that finds no daemon makes the same requests of the state."""

from __future__ import annotations

from agent.daemon.control.command import ControlCommand
from agent.store.queue.dead_letter_files import DeadLetterFiles


def dead_letter_requests(files: DeadLetterFiles) -> list[ControlCommand]:
    """A reason may quote a value that a destination refused, so a list of them is not for everybody."""
    return [
        ControlCommand("dead_letters_list", files.list, changes=False),
        ControlCommand("dead_letters_show", files.show, changes=False),
        ControlCommand("dead_letters_replay", files.replay, changes=True),
        ControlCommand("dead_letters_drop", files.drop, changes=True),
    ]
