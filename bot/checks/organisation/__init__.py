"""Checks of the organisation itself, judged once for all its repositories."""
