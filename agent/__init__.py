"""Leakline: watches Salesforce orgs for data leaks and tells the SIEM you already have."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """`__version__`, looked up when it is asked for: a command that does not starts sooner."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("leakline")
    except PackageNotFoundError:  # run from a tree that was never installed
        return "0+unknown"
