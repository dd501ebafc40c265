"""The `leakline` command, and `python -m agent`."""

from agent import malloc


def main() -> None:
    """Settle what must be settled before Polars is imported, then hand over to the commands."""
    malloc.set_up()
    from agent import cli

    cli.main()


if __name__ == "__main__":
    main()
