"""The `leakline` command, and `python -m agent`."""

import sys

from agent import malloc

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


def main() -> None:
    """Settle what must be settled before Polars is imported, then hand over to the commands."""
    malloc.set_up()
    try:
        from agent import cli

        cli.main()
    except KeyboardInterrupt:  # while modules are imported; later the commands see to it
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
