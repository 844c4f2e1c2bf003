"""Samples of scores, verdicts about organisations, and what is known of a verdict's latest look."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SUMS = ("passed", "judged", "known", "asked", "exempted")


def upgrade() -> None:
    """Forwards."""
    for column in _latest_columns():
        op.add_column("verdicts", column)
    op.create_table(
        "organisation_verdicts",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        sa.Column("check", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("fingerprints", sa.Text, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.Column("last_outcome", sa.Text, nullable=False),
        *_latest_columns(),
        sa.PrimaryKeyConstraint("installation_id", "check", name="pk_organisation_verdicts"),
    )
    op.create_table(
        "samples",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        *_sample_columns(),
        sa.PrimaryKeyConstraint("repository_id", "day", name="pk_samples"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_samples_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_samples_day", "samples", ["day"])
    op.create_table(
        "organisation_samples",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        *_sample_columns(),
        sa.PrimaryKeyConstraint("installation_id", "day", name="pk_organisation_samples"),
    )


def _latest_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("permission", sa.Text, nullable=False, server_default=""),
        sa.Column("terms", sa.Text, nullable=False, server_default=""),
        sa.Column("cause", sa.Text, nullable=False, server_default=""),
        sa.Column("pull_request", sa.BigInteger),
        sa.Column("exempt_until", sa.Date),
        sa.Column("exempt_reason", sa.Text, nullable=False, server_default=""),
        sa.Column("off", sa.Boolean, nullable=False, server_default=sa.false()),
    ]


def _sample_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("day", sa.Date),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in SUMS),
        *(sa.Column(f"public_{name}", sa.BigInteger, nullable=False) for name in SUMS),
        sa.Column("findings", sa.BigInteger, nullable=False),
        sa.Column("unread", sa.BigInteger, nullable=False),
        sa.Column("repositories", sa.BigInteger, nullable=False),
        sa.Column("points", sa.Double, nullable=False),
    ]
