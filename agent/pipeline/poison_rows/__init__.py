"""Rows that break a step: how they are found, and when it is the deployment that is bad instead."""
