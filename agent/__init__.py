"""Leakline: watches Salesforce orgs for data leaks and tells the SIEM you already have."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("leakline")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0+unknown"
