"""Checks of releases: how old, how much waits, and whether they can be verified."""
