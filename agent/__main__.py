"""`python -m agent` is `leakline`."""

from agent.cli import main

main()
