"""Policies of organisations, what selects repositories, and the commit of a repository's policy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "organisation_policies",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("oid", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("seen_oid", sa.Text, nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("installation_id", name="pk_organisation_policies"),
    )
    op.create_table(
        "attributes",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("topics", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("teams", sa.Text),
        sa.Column("properties", sa.Text),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name="pk_attributes"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_attributes_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.add_column("policies", sa.Column("commit", sa.Text, nullable=False, server_default=""))
