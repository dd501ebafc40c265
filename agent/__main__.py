"""The `leakline` command, and `python -m agent`."""

import sys

from agent.cli import memory_tuning
from agent.daemon import uncaught
from agent.exit_status import FAILED, INTERRUPTED


def main() -> None:
    """Settle what must be settled before Polars is imported, then hand over to the commands."""
    if sys.argv[1:] == ["--version"]:  # without the commands, whose imports take most of the time
        from agent import __version__

        print(__version__)  # noqa: T201
        return
    memory_tuning.set_up()
    uncaught.install()
    try:
        from agent.cli import app

        app.main()
    except KeyboardInterrupt:  # while modules are imported; later the commands see to it
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - whatever it is, its text is not written as it came
        uncaught.show(error)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
