"""Installations, repositories, facts, verdicts, effects, policies, cache and audit.

Column types are spelled out here, not taken from ``tables``: a step never changes afterwards.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "installations",
        sa.Column("id", sa.BigInteger, autoincrement=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=False),
        sa.Column("account_type", sa.Text, nullable=False),
        sa.Column("permissions", sa.Text, nullable=False),
        sa.Column("suspended", sa.Boolean, nullable=False),
        sa.Column("repository_selection", sa.Text, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_installations"),
    )
    op.create_table(
        "repositories",
        sa.Column("id", sa.BigInteger, autoincrement=False),
        sa.Column("installation_id", sa.BigInteger, nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("default_branch", sa.Text, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("fork", sa.Boolean, nullable=False),
        sa.Column("empty", sa.Boolean, nullable=False),
        sa.Column("has_issues", sa.Boolean, nullable=False),
        sa.Column("node_id", sa.Text, nullable=False),
        sa.Column("html_url", sa.Text, nullable=False),
        sa.Column("pushed_at", MOMENT),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
    )
    op.create_index("ix_repositories_installation_id", "repositories", ["installation_id"])
    op.create_table(
        "facts",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name="pk_facts"),
        _of_repository("facts"),
    )
    op.create_table(
        "verdicts",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("check", sa.Text),
        *_verdict_columns(),
        sa.PrimaryKeyConstraint("repository_id", "check", name="pk_verdicts"),
        _of_repository("verdicts"),
    )
    op.create_table(
        "verdict_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True),
        sa.Column("repository_id", sa.BigInteger, nullable=False),
        sa.Column("check", sa.Text, nullable=False),
        *_verdict_columns(),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdict_changes"),
        _of_repository("verdict_changes"),
    )
    op.create_index("ix_verdict_changes_newest", "verdict_changes", ["repository_id", "id"])
    op.create_index("ix_verdict_changes_judged_at", "verdict_changes", ["judged_at"])
    op.create_table(
        "effects",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("kind", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "kind", "key", name="pk_effects"),
        _of_repository("effects"),
    )
    op.create_table(
        "policies",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("oid", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name="pk_policies"),
        _of_repository("policies"),
    )
    op.create_table(
        "cache",
        sa.Column("kind", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_cache"),
    )
    op.create_index("ix_cache_saved_at", "cache", ["saved_at"])
    op.create_table(
        "audit_chains",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("purged_sequence", sa.BigInteger, nullable=False),
        sa.Column("purged_hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("installation_id", name="pk_audit_chains"),
    )
    op.create_table(
        "audit_events",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("installation_id", "sequence", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at"])


def _of_repository(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["repository_id"],
        ["repositories.id"],
        name=f"fk_{table}_repository_id",
        ondelete="CASCADE",
    )


def _verdict_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("fingerprints", sa.Text, nullable=False),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("commit", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.Column("last_outcome", sa.Text, nullable=False),
    ]
