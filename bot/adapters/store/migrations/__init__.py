"""Alembic migrations: one file per step, newest last."""
