"""Checks on who answers for what."""
